// The palette: a dialog over a search form. Results come from the server; this moves the choice.
export function palette() {
  return {
    at: 0,
    init() {
      document.addEventListener("palette:open", () => this.open());
      this.$el.addEventListener("htmx:afterSwap", () => this.choose(0));
    },
    items() {
      return [...this.$el.querySelectorAll(".palette-item")];
    },
    open() {
      if (this.$el.open) return;
      this.$el.showModal();
      this.$refs.input.select();
      this.$refs.input.dispatchEvent(new Event("search"));
    },
    choose(index) {
      const items = this.items();
      this.at = Math.max(0, Math.min(index, items.length - 1));
      items.forEach((item, i) => item.setAttribute("aria-selected", String(i === this.at)));
      const chosen = items[this.at];
      if (chosen) {
        this.$refs.input.setAttribute("aria-activedescendant", chosen.id);
        chosen.scrollIntoView({ block: "nearest" });
      } else this.$refs.input.removeAttribute("aria-activedescendant");
    },
    key(event) {
      // The browser would only empty a search field at first.
      if (event.key === "Escape") this.$el.close();
      else if (event.key === "ArrowDown") this.choose(this.at + 1);
      else if (event.key === "ArrowUp") this.choose(this.at - 1);
      else if (event.key === "Enter" && this.items()[this.at]) this.items()[this.at].click();
      else return;
      event.preventDefault();
    },
  };
}
