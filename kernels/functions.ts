// Functions of one array, element by element, that are computed by polynomials (math32.ts, math64.ts).
import {
  acos_v32, asin_v32, atan_v32, cos_v32, cosh_v32, erf_v32, exp2_v32, exp_v32, expm1_v32, gaussian_v32, gelu_v32,
  log10_v32, log1p_v32, log2_v32, log_v32, sigmoid_v32, silu_v32, sin_v32, sinh_v32, softplus_v32, tan_v32, tanh_v32,
} from "./math32";
import {
  acos_v64, asin_v64, atan_v64, cos_v64, cosh_v64, erf_v64, exp2_v64, exp_v64, expm1_v64, gaussian_v64, gelu_v64,
  log10_v64, log1p_v64, log2_v64, log_v64, sigmoid_v64, silu_v64, sin_v64, sinh_v64, softplus_v64, tan_v64, tanh_v64,
} from "./math64";
import { zero } from "./unary";
import { HEAVY, map, mapWith } from "./unary-loops";

@final
class Exp {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? exp_v32(x) : exp_v64(x);
  }
}

@final
class Exp2 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? exp2_v32(x) : exp2_v64(x);
  }
}

@final
class Expm1 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? expm1_v32(x) : expm1_v64(x);
  }
}

@final
class Log {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log_v32(x) : log_v64(x);
  }
}

@final
class Log2 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log2_v32(x) : log2_v64(x);
  }
}

@final
class Log10 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log10_v32(x) : log10_v64(x);
  }
}

@final
class Log1p {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log1p_v32(x) : log1p_v64(x);
  }
}

@final
class Sin {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sin_v32(x) : sin_v64(x);
  }
}

@final
class Cos {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? cos_v32(x) : cos_v64(x);
  }
}

@final
class Tan {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? tan_v32(x) : tan_v64(x);
  }
}

@final
class Asin {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? asin_v32(x) : asin_v64(x);
  }
}

@final
class Acos {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? acos_v32(x) : acos_v64(x);
  }
}

@final
class Atan {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? atan_v32(x) : atan_v64(x);
  }
}

@final
class Sinh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sinh_v32(x) : sinh_v64(x);
  }
}

@final
class Cosh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? cosh_v32(x) : cosh_v64(x);
  }
}

@final
class Tanh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? tanh_v32(x) : tanh_v64(x);
  }
}

@final
class Sigmoid {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sigmoid_v32(x) : sigmoid_v64(x);
  }
}

@final
class Softplus {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? softplus_v32(x) : softplus_v64(x);
  }
}

@final
class Silu {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? silu_v32(x) : silu_v64(x);
  }
}

@final
class Gelu {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? gelu_v32(x) : gelu_v64(x);
  }
}

@final
class Erf {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? erf_v32(x) : erf_v64(x);
  }
}

@final
class Gaussian {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? gaussian_v32(x) : gaussian_v64(x);
  }
}

@final
class Elu {
  @inline
  first<T>(alpha: f64): T {
    return <T>alpha;
  }
  @inline
  second<T>(_: f64): T {
    return <T>0;
  }
  @inline
  run<T>(x: v128, alpha: v128, zero: v128): v128 {
    const below = sizeof<T>() == 4 ? expm1_v32(x) : expm1_v64(x);
    return v128.bitselect(x, v128.mul<T>(alpha, below), v128.gt<T>(x, zero));
  }
}

export function exp_f32(x: usize, out: usize, n: i32): void {
  map<f32, Exp>(x, out, n, HEAVY);
}
export function exp_f64(x: usize, out: usize, n: i32): void {
  map<f64, Exp>(x, out, n, HEAVY);
}

export function exp2_f32(x: usize, out: usize, n: i32): void {
  map<f32, Exp2>(x, out, n, HEAVY);
}
export function exp2_f64(x: usize, out: usize, n: i32): void {
  map<f64, Exp2>(x, out, n, HEAVY);
}

export function expm1_f32(x: usize, out: usize, n: i32): void {
  map<f32, Expm1>(x, out, n, HEAVY);
}
export function expm1_f64(x: usize, out: usize, n: i32): void {
  map<f64, Expm1>(x, out, n, HEAVY);
}

export function log_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log>(x, out, n, HEAVY);
}
export function log_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log>(x, out, n, HEAVY);
}

export function log2_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log2>(x, out, n, HEAVY);
}
export function log2_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log2>(x, out, n, HEAVY);
}

export function log10_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log10>(x, out, n, HEAVY);
}
export function log10_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log10>(x, out, n, HEAVY);
}

export function log1p_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log1p>(x, out, n, HEAVY);
}
export function log1p_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log1p>(x, out, n, HEAVY);
}

export function sin_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sin>(x, out, n, HEAVY);
}
export function sin_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sin>(x, out, n, HEAVY);
}

export function cos_f32(x: usize, out: usize, n: i32): void {
  map<f32, Cos>(x, out, n, HEAVY);
}
export function cos_f64(x: usize, out: usize, n: i32): void {
  map<f64, Cos>(x, out, n, HEAVY);
}

export function tan_f32(x: usize, out: usize, n: i32): void {
  map<f32, Tan>(x, out, n, HEAVY);
}
export function tan_f64(x: usize, out: usize, n: i32): void {
  map<f64, Tan>(x, out, n, HEAVY);
}

export function asin_f32(x: usize, out: usize, n: i32): void {
  map<f32, Asin>(x, out, n, HEAVY);
}
export function asin_f64(x: usize, out: usize, n: i32): void {
  map<f64, Asin>(x, out, n, HEAVY);
}

export function acos_f32(x: usize, out: usize, n: i32): void {
  map<f32, Acos>(x, out, n, HEAVY);
}
export function acos_f64(x: usize, out: usize, n: i32): void {
  map<f64, Acos>(x, out, n, HEAVY);
}

export function atan_f32(x: usize, out: usize, n: i32): void {
  map<f32, Atan>(x, out, n, HEAVY);
}
export function atan_f64(x: usize, out: usize, n: i32): void {
  map<f64, Atan>(x, out, n, HEAVY);
}

export function sinh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sinh>(x, out, n, HEAVY);
}
export function sinh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sinh>(x, out, n, HEAVY);
}

export function cosh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Cosh>(x, out, n, HEAVY);
}
export function cosh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Cosh>(x, out, n, HEAVY);
}

export function tanh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Tanh>(x, out, n, HEAVY);
}
export function tanh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Tanh>(x, out, n, HEAVY);
}

export function sigmoid_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sigmoid>(x, out, n, HEAVY);
}
export function sigmoid_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sigmoid>(x, out, n, HEAVY);
}

export function softplus_f32(x: usize, out: usize, n: i32): void {
  map<f32, Softplus>(x, out, n, HEAVY);
}
export function softplus_f64(x: usize, out: usize, n: i32): void {
  map<f64, Softplus>(x, out, n, HEAVY);
}

export function silu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Silu>(x, out, n, HEAVY);
}
export function silu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Silu>(x, out, n, HEAVY);
}

export function gelu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Gelu>(x, out, n, HEAVY);
}
export function gelu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Gelu>(x, out, n, HEAVY);
}

export function erf_f32(x: usize, out: usize, n: i32): void {
  map<f32, Erf>(x, out, n, HEAVY);
}
export function erf_f64(x: usize, out: usize, n: i32): void {
  map<f64, Erf>(x, out, n, HEAVY);
}

export function gaussian_f32(x: usize, out: usize, n: i32): void {
  map<f32, Gaussian>(x, out, n, HEAVY);
}
export function gaussian_f64(x: usize, out: usize, n: i32): void {
  map<f64, Gaussian>(x, out, n, HEAVY);
}

export function elu_f32(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f32, Elu>(x, out, n, alpha, 0, HEAVY);
}
export function elu_f64(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f64, Elu>(x, out, n, alpha, 0, HEAVY);
}
