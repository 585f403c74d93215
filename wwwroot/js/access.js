// A link's fragment is carried by no request: the form takes it along, so that the link's content is still there behind the code.
const next = document.querySelector("input[name=next]");
const longest = 8000; // the server reads a form of 16 KB

if (location.hash.length <= longest) next.value += location.hash;
