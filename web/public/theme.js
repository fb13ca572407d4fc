// Before the first paint, so that nobody sees the other theme flash by. A file of its own: the policy allows no inline script.
try {
  var theme = localStorage.getItem('cowork.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch (_) {
  // Storage may be closed to us; the system's theme it is.
}
