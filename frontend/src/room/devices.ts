/** Offers the named devices of a kind; browsers name none before the microphone was allowed once. */
export function offerDevices(
  field: HTMLElement,
  select: HTMLSelectElement,
  all: MediaDeviceInfo[],
  kind: MediaDeviceKind,
  wish: string,
): void {
  const devices = all.filter((device) => device.kind === kind && device.label !== "");
  const current = select.value || wish;
  select.replaceChildren(...devices.map(option));
  if (devices.some((device) => device.deviceId === current)) select.value = current;
  field.hidden = devices.length === 0;
}

function option({ label, deviceId }: MediaDeviceInfo): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = deviceId;
  element.textContent = label;
  return element;
}
