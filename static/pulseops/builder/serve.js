// What a rule serves: one variant, or shares of several, and when the rule counts.

import { asNumber } from "./model.js";
import { control, fill, options, part, slot, tellFault } from "./parts.js";

export function serveEditor(builder, serve) {
  const made = part("serve", serve.id);
  const [kind, variant] = [control(made, "kind"), control(made, "variant")];
  const known = builder.offer.variants;
  const all = [...new Set([...known, ...Object.keys(serve.shares), serve.variant].filter(Boolean))];
  kind.value = serve.type;
  options(variant, all.map((key) => [key, key]), serve.variant);
  kind.addEventListener("input", () => {
    serve.type = kind.value;
    if (serve.type === "split" && !Object.keys(serve.shares).length) serve.shares = Object.fromEntries([[serve.variant, "100"]]);
    builder.changed(serve);
    builder.draw(kind.id);
  });
  variant.addEventListener("input", () => {
    serve.variant = variant.value;
    builder.changed(serve);
  });
  slot(made, "one").hidden = serve.type !== "variant";
  slot(made, "many").hidden = serve.type !== "split";
  const shares = serve.type === "split" ? all.map((key) => shareEditor(builder, serve, key, made)) : [];
  units(builder, serve, made);
  tellTotal(builder, serve, made);
  tellFaults(serve, made, kind, variant, shares);
  return made;
}

function shareEditor(builder, serve, key, made) {
  const share = part("share", `${serve.id}-${key}`);
  share.querySelector("label").textContent = key;
  const input = control(share, "share");
  input.value = serve.shares[key] ?? "";
  input.addEventListener("input", () => {
    serve.shares[key] = input.value;
    tellTotal(builder, serve, made);
    builder.changed(serve);
  });
  slot(made, "shares").append(share);
  return input;
}

function units(builder, serve, made) {
  for (const [name, field] of [["by", "by"], ["fallback_by", "fallbackBy"]]) {
    const input = control(made, name);
    input.value = serve[field];
    input.addEventListener("input", () => {
      serve[field] = input.value;
      builder.changed(serve);
    });
  }
  slot(made, "by").open = Boolean(serve.by || serve.fallbackBy);
}

// Told while typing; the server decides.
function tellTotal(builder, serve, made) {
  const { limits, words } = builder.offer;
  const per = limits.weight / 100;
  const numbers = Object.values(serve.shares).map(asNumber).filter((share) => typeof share === "number");
  const total = numbers.reduce((sum, share) => sum + Math.round(share * per), 0);
  const gap = limits.weight - total;
  const form = gap === 0 ? words.total : gap > 0 ? words.missing : words.too_much;
  slot(made, "total").textContent = fill(form, { total: total / per, gap: Math.abs(gap) / per });
}

function tellFaults(serve, made, kind, variant, shares) {
  const weighted = Object.keys(serve.shares).map((key) => shares.find((input) => input.id.startsWith(`${serve.id}-${key}-`)));
  for (const fault of serve.faults) {
    const { field } = fault;
    const index = /^split\[(\d+)\]/.exec(field)?.[1];
    if (field.startsWith("by") || field.startsWith("fallback_by")) {
      slot(made, "by").open = true;
      tellFault(control(made, field.startsWith("by") ? "by" : "fallback_by"), fault);
    } else if (field === "variant") tellFault(variant, fault);
    else tellFault(weighted[index ?? 0] ?? shares[0] ?? kind, fault);
  }
}

export function windowEditor(builder, rule, made) {
  for (const [name, field] of [["starts_at", "startsAt"], ["ends_at", "endsAt"]]) {
    const input = control(made, name);
    input.value = rule.window[field];
    input.addEventListener("input", () => {
      rule.window[field] = input.value;
      builder.changed(rule);
    });
    for (const fault of rule.faults.filter((one) => one.field.startsWith(`window.${name}`))) tellFault(input, fault);
  }
  const faulty = rule.faults.some((one) => one.field.startsWith("window"));
  slot(made, "window").open = Boolean(rule.window.startsAt || rule.window.endsAt || faulty);
}
