// What goes wrong with a device that computes, told apart from what is wrong with a program: training may go on elsewhere.

/**
 * - `lost`: the driver was reset or stopped, the machine slept, or somebody closed the device;
 * - `memory`: it had less memory than it said;
 * - `kernel`: it refused a kernel;
 * - `command`: it refused a command for another reason.
 */
export type DeviceFault = "lost" | "memory" | "kernel" | "command";

/** A device failed: what was on it is lost. Thrown by whatever waits for values. */
export class DeviceError extends Error {
  constructor(
    readonly fault: DeviceFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DeviceError";
  }
}

/** More than a device has or takes: memory for tensors, or workgroups. */
export class DeviceLimitError extends RangeError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DeviceLimitError";
  }
}

/** Whether an error is the device's, so that another engine may do better. */
export function isDevices(error: unknown): error is DeviceError | DeviceLimitError {
  return error instanceof DeviceError || error instanceof DeviceLimitError;
}
