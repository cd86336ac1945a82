// Work for the device, gathered and handed over together. A call of a kernel is a pipeline, a stretch of numbers and a count of workgroups;
// many go into one pass of one command buffer, which is submitted when it is long enough or when somebody wants to read. WebGPU orders
// dispatches of a pass that use the same buffer, so each sees what those before it wrote.
import { DeviceError, type DeviceFault, DeviceLimitError } from "../device-error.ts";
import type { Device } from "./device.ts";
import { type KernelText, PARAMETER_WORDS, type Parameter, parametersOf, shaderOf } from "./shader.ts";
import type { QueueCounts } from "./status.ts";

// Of GPUBufferUsage, GPUShaderStage and GPUMapMode, which are globals in browsers only.
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };
const COMPUTE_STAGE = 4;
const MAP_READ = 1;

/** Dispatches of one command buffer. */
const BATCH = 512;
/** Stretches of numbers that stay on the device: a step that is made again has the same. */
const SLOTS = 4096;
/** Workgroups along an axis. */
const MOST_GROUPS = 65535;
/** The largest buffer that is kept to read through again. */
const MOST_KEPT = 1 << 24;
/** Words of a check that failed: whether one did, the first position, what stood there, and the limit. The first check that fails keeps its own. */
const FAULT_WORDS = 4;

/** An index that was out of range. */
export interface IndexFault {
  position: number;
  value: number;
  limit: number;
}

/** A kernel that is ready to be called. */
export interface Kernel {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly pipeline: GPUComputePipeline;
}

export class Queue {
  readonly counts: QueueCounts = { dispatches: 0, submits: 0, readBytes: 0, writtenBytes: 0 };
  private readonly gpu: GPUDevice;
  private readonly numbers: GPUBuffer;
  private readonly faults: GPUBuffer;
  private readonly layout: GPUBindGroupLayout;
  private readonly pipelines: GPUPipelineLayout;
  /** What the device has of numbers, or will have when work is handed over. */
  private readonly words = new Uint32Array(SLOTS * PARAMETER_WORDS);
  private readonly floats = new Float32Array(this.words.buffer);
  private readonly halves = new Uint16Array(this.words.buffer);
  /** Slots by what is in them, and how many are taken, and on the device. */
  private readonly slots = new Map<string, number>();
  private slotsTaken = 0;
  private slotsWritten = 0;
  private memory: GPUBuffer;
  private group: GPUBindGroup;
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private bound: GPUComputePipeline | undefined;
  private entries = 0;
  /** Buffers to read through, by size. */
  private readonly free = new Map<number, GPUBuffer[]>();
  /** What the device has been asked and not answered yet. */
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly device: Device,
    bytes: number,
  ) {
    const { gpu } = device;
    this.gpu = gpu;
    this.numbers = gpu.createBuffer({ size: this.words.byteLength, usage: USAGE.uniform | USAGE.copyTarget });
    const faultUsage = USAGE.storage | USAGE.copySource | USAGE.copyTarget;
    this.faults = gpu.createBuffer({ size: 4 * FAULT_WORDS, usage: faultUsage });
    this.layout = gpu.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "storage" } },
        { binding: 1, visibility: COMPUTE_STAGE, buffer: { type: "uniform", hasDynamicOffset: true } },
        { binding: 2, visibility: COMPUTE_STAGE, buffer: { type: "storage" } },
      ],
    });
    this.pipelines = gpu.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    this.memory = this.makeMemory(bytes);
    this.group = this.makeGroup();
  }

  private makeMemory(bytes: number): GPUBuffer {
    const { gpu } = this;
    gpu.pushErrorScope("out-of-memory");
    const buffer = gpu.createBuffer({
      size: bytes,
      usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget,
    });
    this.expect("memory", gpu.popErrorScope(), (error) => {
      const size = `${Math.ceil(bytes / 2 ** 20)} MiB`;
      return `webgpu: the device has no ${size} of memory for tensors (${error.message}). Make batches or the model smaller, or use a CPU engine`;
    });
    return buffer;
  }

  /** Takes note of what the device will say: a fault, if it is an error. */
  private expect(fault: DeviceFault, answer: Promise<GPUError | null>, worded: (error: GPUError) => string): void {
    const settled = answer.then(
      (error) => {
        if (error !== null) this.device.fail(new DeviceError(fault, worded(error)));
      },
      () => {
        // The device is lost, and has said so.
      },
    );
    this.pending.add(settled);
    void settled.then(() => this.pending.delete(settled));
  }

  private makeGroup(): GPUBindGroup {
    return this.gpu.createBindGroup({
      layout: this.layout,
      entries: [
        { binding: 0, resource: { buffer: this.memory } },
        { binding: 1, resource: { buffer: this.numbers, size: 4 * PARAMETER_WORDS } },
        { binding: 2, resource: { buffer: this.faults } },
      ],
    });
  }

  /** Makes the memory longer; what is in it stays. */
  grow(bytes: number): void {
    const before = this.memory;
    this.endPass();
    this.memory = this.makeMemory(bytes);
    this.commands().copyBufferToBuffer(before, 0, this.memory, 0, before.size);
    this.flush();
    before.destroy();
    this.group = this.makeGroup();
  }

  get memoryBytes(): number {
    return this.memory.size;
  }

  /** Compiles a kernel; what a device says against it is a fault that names it. */
  compile(text: KernelText): Kernel {
    const { gpu } = this;
    gpu.pushErrorScope("validation");
    gpu.pushErrorScope("internal");
    const module = gpu.createShaderModule({ code: shaderOf(text), label: text.name });
    const pipeline = gpu.createComputePipeline({
      label: text.name,
      layout: this.pipelines,
      compute: { module, entryPoint: "main" },
    });
    const refused = (error: GPUError) => `webgpu: the device refused the kernel ${text.name}: ${error.message}`;
    this.expect("kernel", gpu.popErrorScope(), refused);
    this.expect("kernel", gpu.popErrorScope(), refused);
    return { name: text.name, parameters: parametersOf(text), pipeline };
  }

  private commands(): GPUCommandEncoder {
    this.encoder ??= this.gpu.createCommandEncoder();
    return this.encoder;
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = undefined;
    this.bound = undefined;
  }

  /**
   * Calls a kernel with its numbers on at least so many workgroups: more than an axis holds go on along y, where some may be too many.
   * @throws DeviceLimitError if there are more than two axes hold.
   */
  dispatch(kernel: Kernel, values: readonly number[], groups: number): void {
    if (groups === 0) return;
    const { name, parameters, pipeline } = kernel;
    const down = Math.ceil(groups / MOST_GROUPS);
    if (down > MOST_GROUPS) {
      throw new DeviceLimitError(
        `webgpu: ${name} would take ${groups} workgroups, more than the ${MOST_GROUPS} x ${MOST_GROUPS} of a device; cut the tensors into parts`,
      );
    }
    if (this.entries === BATCH) this.flush();
    const slot = this.slotOf(parameters, values);
    this.pass ??= this.commands().beginComputePass();
    if (this.bound !== pipeline) {
      this.pass.setPipeline(pipeline);
      this.bound = pipeline;
    }
    this.pass.setBindGroup(0, this.group, [slot * 4 * PARAMETER_WORDS]);
    this.pass.dispatchWorkgroups(Math.ceil(groups / down), down);
    this.entries += 1;
    this.counts.dispatches += 1;
  }

  /** The slot of a kernel's numbers: one that has them already, or the next. */
  private slotOf(parameters: readonly Parameter[], values: readonly number[]): number {
    if (this.slotsTaken === SLOTS) {
      // What uses them goes first.
      this.flush();
      this.slots.clear();
      this.slotsTaken = 0;
      this.slotsWritten = 0;
    }
    const start = this.slotsTaken * PARAMETER_WORDS;
    for (let i = 0; i < parameters.length; i++) {
      if (parameters[i].type === "f32") this.floats[start + i] = values[i];
      else this.words[start + i] = values[i];
    }
    this.words[start + parameters.length] = 0;
    const bits = String.fromCharCode(...this.halves.subarray(2 * start, 2 * (start + parameters.length)));
    const found = this.slots.get(bits);
    if (found !== undefined) return found;
    this.slots.set(bits, this.slotsTaken);
    return this.slotsTaken++;
  }

  /** Hands over what has gathered. */
  flush(): void {
    if (this.encoder === undefined) return;
    this.endPass();
    if (this.slotsTaken > this.slotsWritten) {
      const [from, to] = [this.slotsWritten * PARAMETER_WORDS, this.slotsTaken * PARAMETER_WORDS];
      this.gpu.queue.writeBuffer(this.numbers, 4 * from, this.words, from, to - from);
      this.counts.writtenBytes += 4 * (to - from);
      this.slotsWritten = this.slotsTaken;
    }
    this.entries = 0;
    this.gpu.queue.submit([this.encoder.finish()]);
    this.encoder = undefined;
    this.counts.submits += 1;
  }

  /** Puts words into the memory, after what has been asked for so far. */
  write(address: number, data: Float32Array | Int32Array): void {
    this.flush();
    this.gpu.queue.writeBuffer(this.memory, address, data as Float32Array<ArrayBuffer>);
    this.counts.writtenBytes += data.byteLength;
  }

  /** Bytes of the memory, as they are after what has been asked for so far. */
  read(address: number, bytes: number): Promise<ArrayBuffer> {
    return this.readFrom(this.memory, address, bytes);
  }

  /** What the first check found that failed; null where none did. */
  async readFault(): Promise<IndexFault | null> {
    // Every step asks, and hardly one is answered with more than a word.
    const [failed] = new Uint32Array(await this.readFrom(this.faults, 0, 4));
    if (failed === 0) return null;
    const [, position, value, limit] = new Uint32Array(await this.readFrom(this.faults, 0, 4 * FAULT_WORDS));
    this.gpu.queue.writeBuffer(this.faults, 0, new Uint32Array(FAULT_WORDS));
    return { position, value: value | 0, limit };
  }

  private async readFrom(source: GPUBuffer, address: number, bytes: number): Promise<ArrayBuffer> {
    // Sizes in powers of two: few buffers serve all. A large one is as long as it must be, for the next power may be more than a device gives.
    const size = bytes > MOST_KEPT ? bytes : 2 ** Math.ceil(Math.log2(Math.max(256, bytes)));
    const buffer =
      this.free.get(size)?.pop() ?? this.gpu.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget });
    this.endPass();
    this.commands().copyBufferToBuffer(source, address, buffer, 0, bytes);
    this.flush();
    this.counts.readBytes += bytes;
    let result: ArrayBuffer | undefined;
    try {
      await buffer.mapAsync(MAP_READ, 0, bytes);
      result = buffer.getMappedRange(0, bytes).slice(0);
      buffer.unmap();
    } catch (cause) {
      buffer.destroy();
      // What was lost or refused says more than that nothing could be read.
      await Promise.all(this.pending);
      throw (
        this.device.fault() ??
        new DeviceError("command", `webgpu: a read failed: ${(cause as Error).message}`, { cause })
      );
    }
    const list = this.free.get(size);
    if (size > MOST_KEPT) buffer.destroy();
    else if (list) list.push(buffer);
    else this.free.set(size, [buffer]);
    await Promise.all(this.pending);
    const fault = this.device.fault();
    if (fault !== undefined) throw fault;
    return result;
  }

  /** Ends the device. */
  close(): void {
    this.gpu.destroy();
  }
}
