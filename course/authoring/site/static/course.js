// The other language's page, beside the search of every page: it opens at the section that is being read. Sections are
// numbered alike in both languages (conf.py). And what the theme names wrongly is named.
document.addEventListener("DOMContentLoaded", () => {
  const twin = document.querySelector("a.twin");
  const bar = document.querySelector(".article-header-buttons");
  const read = () => [...document.querySelectorAll("article section[id]")]
    .filter((section) => section.getBoundingClientRect().top < 120).pop();
  if (twin && bar) {
    const link = twin.cloneNode(true);
    link.className = "twin-always";
    bar.prepend(link);
    for (const one of [twin, link]) {
      one.addEventListener("click", () => { one.hash = window.scrollY > 200 && read() ? read().id : ""; });
    }
  }
  for (const button of document.querySelectorAll(".search-button-field")) {
    button.removeAttribute("aria-label"); // its own words, with the keys beside them, are its name
  }
  document.querySelector(".sidebar-primary-item .navbar-brand")?.parentElement.setAttribute("role", "banner");
});
