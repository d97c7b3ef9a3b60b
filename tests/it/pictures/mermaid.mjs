// Reads flowcharts with Mermaid's own parser and tells what it understood. It needs no page to parse, but asks for one to clean
// labels; nothing is shown here, so they are left as they are.
import { readFileSync } from "node:fs";
import DOMPurify from "dompurify";

DOMPurify.addHook = () => {};
DOMPurify.sanitize = (text) => text;
const { default: mermaid } = await import("mermaid");

const understood = [];
for (const text of JSON.parse(readFileSync(process.env.TEXTS, "utf8"))) {
  try {
    await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    understood.push({
      nodes: [...db.getVertices().values()].map((node) => node.id),
      edges: db.getEdges().map((edge) => [edge.start, edge.end]),
    });
  } catch (error) {
    understood.push({ error: String(error.message) });
  }
}
console.log(JSON.stringify(understood));
