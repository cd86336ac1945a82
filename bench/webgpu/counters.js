// Counts what a page asks of WebGPU, whoever asks: the methods of the interfaces are wrapped before any library is loaded.
// Bytes written and read go between the processor and the device, bytes copied stay on the device.
{
  const counts = { dispatches: 0, submits: 0, written: 0, read: 0, copied: 0, mapped: 0 };
  globalThis.webgpuCounts = counts;

  const before = (prototype, name, note) => {
    const own = prototype?.[name];
    if (own === undefined) return;
    prototype[name] = function (...given) {
      note.apply(this, given);
      return own.apply(this, given);
    };
  };

  if (globalThis.GPUQueue !== undefined) {
    for (const name of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]) {
      before(GPUComputePassEncoder.prototype, name, () => {
        counts.dispatches += 1;
      });
    }
    before(GPUQueue.prototype, "submit", () => {
      counts.submits += 1;
    });
    // Offset and size are elements of a typed array, and bytes of a buffer.
    before(GPUQueue.prototype, "writeBuffer", (_, __, data, offset = 0, size = undefined) => {
      const element = data.BYTES_PER_ELEMENT ?? 1;
      counts.written += size === undefined ? data.byteLength - offset * element : size * element;
    });
    before(GPUDevice.prototype, "createBuffer", ({ size, mappedAtCreation }) => {
      if (mappedAtCreation) counts.written += size;
    });
    before(GPUCommandEncoder.prototype, "copyBufferToBuffer", (source, ...rest) => {
      const size = rest.find((value, i) => typeof value === "number" && i === rest.length - 1 && rest.length !== 3);
      counts.copied += size ?? source.size;
    });
    // GPUMapMode.READ is 1.
    before(GPUBuffer.prototype, "mapAsync", function (mode, offset = 0, size = this.size - offset) {
      counts.mapped += 1;
      if (mode & 1) counts.read += size;
      else counts.written += size;
    });
  }
}
