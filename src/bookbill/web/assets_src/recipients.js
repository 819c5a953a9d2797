// A list of addresses as chips. The textarea below stays the field that is sent; the server checks it again.
const PLAUSIBLE = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/;
const SEPARATORS = /[,;\s]+/;

export function recipients() {
  return {
    list: [],
    typed: "",
    init() {
      this.add(this.$refs.field.value);
    },
    add(text) {
      for (const piece of text.split(SEPARATORS)) {
        if (piece && !this.list.some((known) => known.address.toLowerCase() === piece.toLowerCase())) {
          this.list.push({ address: piece, wrong: PLAUSIBLE.test(piece) ? null : "" });
        }
      }
      this.typed = "";
      this.store();
    },
    store() {
      this.$refs.field.value = this.list.map((known) => known.address).join(", ");
      this.$refs.field.dispatchEvent(new Event("change", { bubbles: true }));
    },
    remove(index) {
      this.list.splice(index, 1);
      this.store();
      this.$refs.input.focus();
    },
    leave() {
      if (this.typed.trim()) this.add(this.typed);
    },
    input() {
      if (SEPARATORS.test(this.typed)) this.add(this.typed);
    },
    key(event) {
      if (event.key === "Enter") {
        event.preventDefault(); // else it would press the first button of the form
        this.leave();
      } else if (event.key === "Backspace" && !this.typed && this.list.length) {
        const last = this.list.pop();
        this.typed = last.address;
        this.store();
        event.preventDefault();
      }
    },
  };
}
