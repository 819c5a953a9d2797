// Ticked rows: the head's box ticks all of the page, the bar shows how many, the foot what they come to.
// Amounts as the server writes them for programs, added without fractions and written as the server writes them for
// people: in the page's language as it is written where the currency is at home.
function sum(amounts, currency) {
  const places = (amounts[0]?.split(".")[1] ?? "").length;
  const whole = amounts.reduce((total, amount) => total + Number(amount.replace(".", "")), 0);
  const language = `${document.documentElement.lang.split("-")[0]}-${currency.slice(0, 2)}`;
  return new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(whole / 10 ** places);
}

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
      const ticked = boxes.filter((box) => box.checked);
      this.count = ticked.length;
      for (const place of this.$el.querySelectorAll("[data-count]:not(form)")) place.textContent = this.count;
      for (const word of this.$el.querySelectorAll("[data-one]")) {
        word.textContent = this.count > 1 ? word.dataset.many : word.dataset.one;
      }
      for (const place of this.$el.querySelectorAll("[data-sum]")) {
        place.textContent = sum(ticked.map((box) => box.dataset[place.dataset.sum]), place.dataset.currency);
      }
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
