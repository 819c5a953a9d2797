// Ticked rows: the head's box ticks all of the page, the bar shows how many.
export function selection() {
  return {
    count: 0,
    init() {
      this.$el.addEventListener("change", (event) => {
        if (event.target.matches("[data-all]")) {
          for (const box of this.boxes()) box.checked = event.target.checked;
        }
        this.update();
      });
      this.$el.addEventListener("htmx:afterSettle", () => this.update());
      this.update();
    },
    boxes() {
      return [...this.$el.querySelectorAll(".cell-check input[name]")];
    },
    update() {
      const boxes = this.boxes();
      this.count = boxes.filter((box) => box.checked).length;
      const all = this.$el.querySelector("[data-all]");
      if (all) {
        all.checked = boxes.length > 0 && this.count === boxes.length;
        all.indeterminate = this.count > 0 && this.count < boxes.length;
      }
    },
    none() {
      for (const box of this.boxes()) box.checked = false;
      this.update();
    },
  };
}
