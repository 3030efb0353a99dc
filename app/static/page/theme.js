// Before anything is drawn: the theme that was chosen, else the system's.
try {
  const chosen = JSON.parse(localStorage.getItem("slotline") || "{}").theme;
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // a browser that keeps nothing: the system's theme
}
