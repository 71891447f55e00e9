import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: { outDir: "../src/cairn/console/assets", emptyOutDir: true, sourcemap: false, target: "es2022" },
});
