// A page has moved: what stood behind ? and # of its address, a moment or a comment, goes along.
// It runs before anything is shown. Without scripts the page leads on by itself, to the beginning.
location.replace(document.querySelector("link[rel=canonical]").href + location.search + location.hash);
