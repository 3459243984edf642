// Buttons that copy the text beside them. Without script there are none: the text can be selected.
"use strict";
(() => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const from = document.getElementById(button.dataset.copy), label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(from.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Press Ctrl+C to copy";
        getSelection().selectAllChildren(from);
      }
      setTimeout(() => { button.textContent = label; }, 3000);
    });
  }
})();
