// A client app as its authors would write it: shows the flag `it`, and changes when the provider says so.
import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

const given = new URL(location.href).searchParams;
const client = OpenFeature.getClient();
const seen = [];

function show() {
  document.querySelector("#value").textContent = client.getStringValue("it", "the code's default");
}

for (const event of Object.values(ProviderEvents)) {
  client.addHandler(event, () => {
    seen.push(event);
    show();
  });
}

window.app = { OpenFeature, client, seen };
await OpenFeature.setContext({ targetingKey: "u-1" });
await OpenFeature.setProviderAndWait(
  new OFREPWebProvider({ baseUrl: given.get("portal"), headers: [["X-API-Key", given.get("key")]] }),
).catch((error) => seen.push(String(error)));
window.ready = true;
