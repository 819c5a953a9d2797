// Says once that somebody looks at this page: not while it is prepared in the background, nor to a robot without scripts.
const { views } = document.currentScript.dataset;
const isSeen = () => !document.prerendering && document.visibilityState === "visible";
const report = () => {
  if (!isSeen()) return;
  for (const change of changes) document.removeEventListener(change, report);
  fetch(views, { method: "POST", credentials: "same-origin", keepalive: true });
};
const changes = ["visibilitychange", "prerenderingchange"];
for (const change of changes) document.addEventListener(change, report);
report();
