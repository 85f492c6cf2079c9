// For "viewer request", runtime cloudfront-js-2.0: buckets know files, readers type folders.
function handler(event) {
  var request = event.request;
  var uri = request.uri;
  if (uri.endsWith("/")) {
    request.uri = uri + "index.html";
    return request;
  }
  var name = uri.slice(uri.lastIndexOf("/") + 1);
  if (name.includes(".") || name === "_headers" || name === "_redirects") {
    return request;
  }
  // One slash at the front: two would send readers to another host.
  return {
    statusCode: 301,
    statusDescription: "Moved Permanently",
    headers: {
      location: { value: "/" + uri.replace(/^[\/\\]+/, "") + "/" },
      "cache-control": { value: "public, max-age=10" },
    },
  };
}
