#!/bin/sh
# publish-by-rsync.sh TREE USER@HOST FOLDER: put a built tree on a web server over SSH, whole or not at all.
#
#   heliograph build && sh publish-by-rsync.sh dist/public deploy@web1 /srv/www/status
#
# The web server's root is FOLDER/current, a link to one of FOLDER/releases. A link takes another's place in one
# step, so that readers get the old tree or the new one. Five releases are kept, and what is there already is not sent
# again. RSYNC_RSH says how to reach the host, `ssh` unless it is set. Run it from one place: the last run wins.
set -eu
tree=${1%/} host=$2 folder=${3%/}
: "${RSYNC_RSH:=ssh}"
export RSYNC_RSH

refuse() { echo "publish-by-rsync.sh: $1" >&2; exit 2; }
case $folder in *[!A-Za-z0-9_./-]* | *..*) refuse "FOLDER may have letters, digits and _ . / - only" ;; esac
case $folder in /*/*) ;; *) refuse "FOLDER must be absolute, and not just below /" ;; esac
[ -f "$tree/index.html" ] && [ -f "$tree.manifest.json" ] || refuse "$tree is not a built tree"

digest() { sha256sum < "$tree.manifest.json" | cut -c 1-16; }
# shellcheck disable=SC2086,SC2029 -- RSYNC_RSH may hold options, and the command is put together here on purpose
there() { $RSYNC_RSH "$host" "set -eu; umask 022; mkdir -p '$folder/releases'; cd '$folder'; $1"; }

# 1. Look: is this release live, still kept, or new there?
release=$(digest)
state=$(there "if [ \"\$(readlink current || :)\" = releases/$release ]; then echo live
    elif [ -d releases/$release ]; then echo kept; else echo new; fi" < /dev/null)
if [ "$state" = live ]; then
    echo "$release is live already"
    exit 0
fi

# 2. Send what differs to a folder that nobody is shown. Killed here, nothing has happened, and the next run goes on.
#    Times are not sent: what has not changed is linked and keeps its own, and with it the ETag that readers hold.
if [ "$state" = new ]; then
    rsync --recursive --checksum --perms --chmod=D755,F644 --delete --link-dest=../current/ --itemize-changes \
        "$tree/" "$host:$folder/incoming.$release/" < /dev/null
    [ "$(digest)" = "$release" ] || refuse "$tree was built anew meanwhile; run again"
fi

# 3. Style sheets and scripts of the releases before stay, for pages that readers loaded just now. Then the link.
if [ "$state" = new ]; then coming=incoming.$release; else coming=releases/$release; fi
(cd "$tree" && find assets -name '*.css' -o -name '*.js') | there "cat > $coming.assets
    for list in \$(ls -t releases/*.assets 2> /dev/null | head -n 5); do
        while read -r name; do
            [ -e $coming/\$name ] || ln \${list%.assets}/\$name $coming/\$name 2> /dev/null || :
        done < \$list
    done
    if [ $state = new ]; then
        mv $coming.assets releases/$release.assets
        mv -T $coming releases/$release
    fi
    touch releases/$release
    sync -f .
    ln -sfn releases/$release current.next
    mv -T current.next current
    ls -td releases/*/ | tail -n +6 | while read -r old; do rm -rf \${old%/} \${old%/}.assets; done
    find . -maxdepth 1 -name 'incoming.*' -mtime +1 -exec rm -rf {} +"
echo "$release is live"
