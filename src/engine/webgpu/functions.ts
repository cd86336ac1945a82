// Functions in WGSL, ours throughout. The language lets a device assume that there are no NaN and no infinities, and round its own functions
// as it likes; devices do (max(NaN, 1) is 1, tanh(100) NaN, log(0) -88 on SwiftShader). So NaN and infinities are told by their bits
// before anything is computed with them, and exp, log and what is made of them are polynomials, with the coefficients of kernels/math32.ts
// or fitted by us in the same way (least maximum error). Relative errors against the exact value, measured in test/webgpu/functions.test.ts: 4e-7 for exp,
// expm1, log, log1p, tanh, sigmoid, sin, cos, atan; 2e-6 for the others; 1e-5 for pow. Subnormal results are 0, as devices flush them.
// What a driver's compiler may do to arithmetic, some do: join a product and a sum, regroup sums (Metal's does by default), take (a + b) - a for b
// (Mesa's), replace a constant that is no number, divide by way of the reciprocal. Where an order of roundings or a constant carries the result, it
// goes through p.zero, a word that is 0 and that no compiler knows: `rounded` is x.

/** Functions by name, each with the lines that define it. Those that a function calls are found by shader.ts. */
export const FUNCTIONS: Readonly<Record<string, string>> = byName(`
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

fn isInf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }

fn isSpecial(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }

fn isNegative(x: f32) -> bool { return bitcast<u32>(x) >= 0x80000000u; }

fn isZero(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0u; }

fn rounded(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ p.zero); }

fn infinity() -> f32 { return bitcast<f32>(0x7f800000u ^ p.zero); }

fn nan() -> f32 { return bitcast<f32>(0x7fc00000u ^ p.zero); }

fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }

fn negated(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u); }

fn withSign(size: f32, x: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u));
}

fn rank(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  return select(bits, i32(0x80000000u) - bits, bits < 0);
}

fn above(a: f32, b: f32) -> bool { return !isNan(a) && !isNan(b) && rank(a) > rank(b); }

fn notBelow(a: f32, b: f32) -> bool { return !isNan(a) && !isNan(b) && rank(a) >= rank(b); }

fn same(a: f32, b: f32) -> bool { return !isNan(a) && !isNan(b) && rank(a) == rank(b); }

fn larger(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  if (rank(a) == rank(b)) { return bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b)); }
  return select(b, a, rank(a) > rank(b));
}

fn smaller(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  if (rank(a) == rank(b)) { return bitcast<f32>(bitcast<u32>(a) | bitcast<u32>(b)); }
  return select(b, a, rank(a) < rank(b));
}

fn powerOfTwo(n: i32) -> f32 { return bitcast<f32>(u32(n + 127) << 23u); }

fn scaled(x: f32, n: i32) -> f32 { let half = n / 2; return rounded(x * powerOfTwo(half)) * powerOfTwo(n - half); }

fn whole(x: f32) -> i32 { return i32(floor(x + 0.5)); }

fn root(x: f32) -> f32 {
  if (isNan(x) || isZero(x)) { return x; }
  if (isNegative(x)) { return nan(); }
  if (isInf(x)) { return x; }
  return sqrt(x);
}

fn expTail(r: f32) -> f32 {
  var q = 0.008367099 + 0.001391772 * r;
  q = 0.041666612 + q * r;
  q = 0.16666539 + q * r;
  q = 0.5 + q * r;
  return r * r * q;
}

fn exponential(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x > 88.72283) { return infinity(); }
  if (x < -87.33654) { return 0.0; }
  let n = whole(x * 1.442695);
  let r = rounded(x - f32(n) * 0.693145751953125) - f32(n) * 1.4286068203094173e-6;
  return scaled(1.0 + (r + expTail(r)), n);
}

fn expMinusOne(x: f32) -> f32 {
  if (isNan(x) || magnitude(x) < 2e-8) { return x; }
  if (x > 88.72283) { return infinity(); }
  if (x < -20.0) { return -1.0; }
  let n = whole(x * 1.442695);
  let r = rounded(x - f32(n) * 0.693145751953125) - f32(n) * 1.4286068203094173e-6;
  if (n == 0) { return r + expTail(r); }
  let s = powerOfTwo(n - 1);
  let half = (s - 0.5) + s * (r + expTail(r));
  return half + half;
}

fn powerOf2(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x >= 128.0) { return infinity(); }
  if (x < -126.0) { return 0.0; }
  let n = whole(x);
  let r = rounded(x - f32(n)) * 0.6931471805599453;
  return scaled(1.0 + (r + expTail(r)), n);
}

fn logTail(f: f32, halfSquare: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  return s * (halfSquare + z * (0.66666776 + z * (0.39977568 + z * 0.29871595)));
}

struct Split { e: f32, f: f32 }

fn split(x: f32) -> Split {
  var bits = bitcast<u32>(x);
  var e = 0.0;
  if (bits < 0x00800000u) { bits = bitcast<u32>(f32(bits)); e = -149.0; }
  let shifted = i32(bits) - 0x3f3504f3;
  let m = bitcast<f32>((shifted & 0x7fffff) + 0x3f3504f3);
  return Split(e + f32(shifted >> 23u), m - 1.0);
}

fn logarithm(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (isZero(x)) { return negated(infinity()); }
  if (isNegative(x)) { return nan(); }
  if (isInf(x)) { return x; }
  let v = split(x);
  let halfSquare = 0.5 * v.f * v.f;
  return v.e * 0.693145751953125 + (v.f - (halfSquare - (v.e * 1.4286068203094173e-6 + logTail(v.f, halfSquare))));
}

fn logBase2(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (isZero(x)) { return negated(infinity()); }
  if (isNegative(x)) { return nan(); }
  if (isInf(x)) { return x; }
  let v = split(x);
  let halfSquare = 0.5 * v.f * v.f;
  return v.e + 1.4426950408889634 * (v.f - (halfSquare - logTail(v.f, halfSquare)));
}

fn logBase10(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (isZero(x)) { return negated(infinity()); }
  if (isNegative(x)) { return nan(); }
  if (isInf(x)) { return x; }
  let v = split(x);
  let halfSquare = 0.5 * v.f * v.f;
  return v.e * 0.30102999566 + 0.4342944819 * (v.f - (halfSquare - logTail(v.f, halfSquare)));
}

fn logOnePlus(x: f32) -> f32 {
  if (isNan(x) || magnitude(x) < 1e-8) { return x; }
  if (x < -1.0) { return nan(); }
  if (same(x, -1.0)) { return negated(infinity()); }
  if (isInf(x)) { return x; }
  if (x > -0.29 && x < 0.41) {
    let halfSquare = 0.5 * x * x;
    return x - (halfSquare - logTail(x, halfSquare));
  }
  return logarithm(1.0 + x);
}

fn hyperbolicTangent(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 10.0) { return withSign(1.0, x); }
  if (a < 1e-4) { return x; }
  let m = expMinusOne(2.0 * a);
  return withSign(m / (m + 2.0), x);
}

fn logistic(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x < -87.0) { return 0.0; }
  if (x > 30.0) { return 1.0; }
  return 1.0 / (1.0 + exponential(-x));
}

fn softPlus(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (isInf(x)) { return select(x, 0.0, isNegative(x)); }
  return select(0.0, x, x > 0.0) + logOnePlus(exponential(-magnitude(x)));
}

fn bell(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 9.4) { return 0.0; }
  let upper = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let rest = a - upper;
  return exponential(-upper * upper) * exponential(-(rest * (a + upper)));
}

fn errorFunction(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 4.0) { return withSign(1.0, x); }
  if (a < 0.9) {
    let z = a * a;
    var q = -8.1441615e-4 + z * 8.392293e-5;
    q = 0.005200722 + z * q;
    q = -0.026859023 + z * q;
    q = 0.112836815 + z * q;
    q = -0.37612632 + z * q;
    q = 0.12837917 + z * q;
    return withSign(a + a * q, x);
  }
  var t = 4.3232235e-4 + a * -2.0912346e-5;
  t = -0.004160576 + a * t;
  t = 0.025091548 + a * t;
  t = -0.108236626 + a * t;
  t = -0.6333867 + a * t;
  t = -1.1294951 + a * t;
  t = 1.7055002e-4 + a * t;
  return withSign(1.0 - exponential(t), x);
}

fn gaussianUnit(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x > 14.0) { return x; }
  if (x < -13.1) { return -0.0; }
  let a = magnitude(x);
  var t = 0.040735534537568806 + a * 0.004131511738616117;
  t = 0.1835383550257587 + a * t;
  t = 0.4387037599117625 + a * t;
  t = 0.5000000029753728 + a * t;
  var q = 0.10211515155510818 + a * 0.010356047785110132;
  q = 0.47027114760215216 + a * q;
  q = 1.2037618549251943 + a * q;
  q = 1.6752925080884147 + a * q;
  q = 1.0 + a * q;
  let tail = bell(a * 0.7071067811865476) * t / q;
  return x * select(1.0 - tail, tail, x < 0.0);
}

fn powInt(base: i32, exponent: i32) -> i32 {
  if (exponent < 0) {
    if (base == 1) { return 1; }
    if (base == -1) { return select(1, -1, (exponent & 1) != 0); }
    return 0;
  }
  var result = 1;
  var b = base;
  var e = exponent;
  while (e > 0) {
    if ((e & 1) != 0) { result = result * b; }
    b = b * b;
    e = e >> 1u;
  }
  return result;
}

fn isWhole(y: f32) -> bool { return magnitude(y) >= 8388608.0 || floor(y) == y; }

fn isOdd(y: f32) -> bool {
  if (magnitude(y) >= 16777216.0) { return false; }
  return isWhole(y) && (i32(y) & 1) != 0;
}

fn power(x: f32, y: f32) -> f32 {
  if (isZero(y) || same(x, 1.0)) { return 1.0; }
  if (isNan(x)) { return x; }
  if (isNan(y)) { return y; }
  let a = magnitude(x);
  if (isInf(y)) {
    if (same(a, 1.0)) { return 1.0; }
    return select(0.0, infinity(), (rank(a) > rank(1.0)) != isNegative(y));
  }
  let odd = isOdd(y);
  if (isInf(a) || isZero(a)) {
    let grows = isInf(a) != isNegative(y);
    let size = select(0.0, infinity(), grows);
    return select(size, withSign(size, x), odd);
  }
  if (isNegative(x) && !isWhole(y)) { return nan(); }
  let v = split(a);
  let halfSquare = 0.5 * v.f * v.f;
  let fraction = 1.4426950408889634 * (v.f - (halfSquare - logTail(v.f, halfSquare)));
  // The whole part of y e apart: the fraction keeps its digits.
  let te = y * v.e;
  let tf = y * fraction;
  var size = 0.0;
  let t = te + tf;
  if (t >= 128.0) { size = infinity(); }
  else if (t >= -126.0) {
    let n = floor(t + 0.5);
    let r = (rounded(te - n) + tf) * 0.6931471805599453;
    size = scaled(1.0 + (r + expTail(r)), i32(n));
  }
  return select(size, -size, isNegative(x) && odd);
}

fn multiplyWide(a: u32, b: u32) -> vec2<u32> {
  let a0 = a & 0xffffu; let a1 = a >> 16u; let b0 = b & 0xffffu; let b1 = b >> 16u;
  let low = a0 * b0;
  let m1 = a1 * b0 + (low >> 16u);
  let m2 = a0 * b1 + (m1 & 0xffffu);
  return vec2<u32>((m2 << 16u) | (low & 0xffffu), a1 * b1 + (m1 >> 16u) + (m2 >> 16u));
}

fn twoOverPi(word: i32) -> u32 {
  switch (word) {
    case 0: { return 0xa2f9836eu; } case 1: { return 0x4e441529u; } case 2: { return 0xfc2757d1u; }
    case 3: { return 0xf534ddc0u; } case 4: { return 0xdb629599u; } case 5: { return 0x3c439041u; }
    case 6: { return 0xfe5163abu; } default: { return 0u; }
  }
}

fn twoOverPiFrom(bit: i32) -> u32 {
  let word = bit >> 5u;
  let shift = u32(bit & 31);
  if (shift == 0u) { return twoOverPi(word); }
  return (twoOverPi(word) << shift) | (twoOverPi(word + 1) >> (32u - shift));
}

struct Angle { r: f32, quarters: i32 }

fn reduceAngle(a: f32) -> Angle {
  if (a < 8192.0) {
    let n = whole(a * 0.6366197723675814);
    let k = f32(n);
    let r = rounded(rounded(a - k * 1.5703125) - k * 4.8351287841796875e-4) - k * 3.13855707645416259765625e-7;
    return Angle(rounded(r) - k * 6.0771005065061922e-11, n);
  }
  // The product with as many bits of 2 / pi as count modulo 4 (Payne and Hanek).
  let bits = bitcast<u32>(a);
  let m = (bits & 0x7fffffu) | 0x800000u;
  let e = i32(bits >> 23u) - 150;
  let start = e - 2;
  let low = m * twoOverPiFrom(start + 64);
  let second = multiplyWide(m, twoOverPiFrom(start + 64));
  let first = multiplyWide(m, twoOverPiFrom(start + 32));
  var middle = first.x + second.y;
  let carry = select(0u, 1u, middle < first.x);
  let high = m * twoOverPiFrom(start) + first.y + carry;
  let fraction = bitcast<i32>((high << 2u) | (middle >> 30u));
  let rest = (middle << 2u) | (low >> 30u);
  let quarters = i32(high >> 30u) + select(0, 1, fraction < 0);
  return Angle((f32(fraction) * 2.3283064365386963e-10 + f32(rest) * 5.421010862427522e-20) * 1.5707963267948966, quarters);
}

fn sineShifted(x: f32, quarter: i32) -> f32 {
  if (isSpecial(x)) { return nan(); }
  let a = magnitude(x);
  let angle = reduceAngle(a);
  let z = angle.r * angle.r;
  let quarters = angle.quarters + quarter;
  var y = angle.r + angle.r * z * (-0.16666667 + z * (0.008333328 + z * (-0.00019839137 + z * 2.7167675e-6)));
  if ((quarters & 1) != 0) { y = 1.0 + z * (-0.5 + z * (0.041666612 + z * (-0.0013886481 + z * 2.436834e-5))); }
  return select(y, -y, (quarters & 2) != 0);
}

fn sine(x: f32) -> f32 {
  if (magnitude(x) < 1e-4) { return x; }
  let y = sineShifted(x, 0);
  return select(y, negated(y), isNegative(x));
}

fn cosine(x: f32) -> f32 { return sineShifted(x, 1); }

fn tangent(x: f32) -> f32 {
  if (magnitude(x) < 1e-4) { return x; }
  return sine(x) / cosine(x);
}

fn arctanUnit(x: f32) -> f32 {
  var a = x;
  var base = 0.0;
  if (x > 0.41421356) { a = (x - 1.0) / (x + 1.0); base = 0.7853981633974483; }
  let z = a * a;
  return base + (a + a * z * (-0.3333278 + z * (0.1997378 + z * (-0.13844612 + z * 0.07961937))));
}

fn arctangent(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (isInf(a)) { return withSign(1.5707963267948966, x); }
  if (a < 1e-4) { return x; }
  if (a > 1.0) { return withSign(1.5707963267948966 - arctanUnit(1.0 / a), x); }
  return withSign(arctanUnit(a), x);
}

fn arctangent2(y: f32, x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (isNan(y)) { return y; }
  let a = magnitude(x);
  let b = magnitude(y);
  var angle = 0.0;
  if (isZero(b)) { angle = 0.0; }
  else if (isInf(a) && isInf(b)) { angle = 0.7853981633974483; }
  else if (isInf(a)) { angle = 0.0; }
  else if (isInf(b) || isZero(a)) { angle = 1.5707963267948966; }
  else if (b > a) { angle = 1.5707963267948966 - arctanUnit(quotient(a, b)); }
  else { angle = arctanUnit(quotient(b, a)); }
  if (isNegative(x)) { angle = 3.141592653589793 - angle; }
  return withSign(angle, y);
}

fn arcsineNear(a: f32) -> f32 {
  let z = a * a;
  return a + a * z * (0.16666791 + z * (0.07494424 + z * (0.04555154 + z * (0.023851248 + z * 0.0426479))));
}

fn arcsine(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 1.0) { return nan(); }
  if (a < 1e-4) { return x; }
  if (a <= 0.5) { return withSign(arcsineNear(a), x); }
  return withSign(1.5707963267948966 - 2.0 * arcsineNear(root(0.5 * (1.0 - a))), x);
}

fn arccosine(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 1.0) { return nan(); }
  if (a <= 0.5) { return 1.5707963267948966 - withSign(arcsineNear(a), x); }
  let y = 2.0 * arcsineNear(root(0.5 * (1.0 - a)));
  return select(y, 3.141592653589793 - y, isNegative(x));
}

fn hyperbolicSine(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a < 1e-4) { return x; }
  if (a > 88.0) { let half = exponential(0.5 * a); return withSign(0.5 * half * half, x); }
  let m = expMinusOne(a);
  return withSign(0.5 * (m + m / (m + 1.0)), x);
}

fn hyperbolicCosine(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 88.0) { let half = exponential(0.5 * a); return 0.5 * half * half; }
  let e = exponential(a);
  return 0.5 * (e + 1.0 / e);
}

fn areaSine(x: f32) -> f32 {
  if (isSpecial(x)) { return x; }
  let a = magnitude(x);
  if (a < 1e-4) { return x; }
  if (a > 1e8) { return withSign(logarithm(a) + 0.6931471805599453, x); }
  return withSign(logOnePlus(a + a * a / (1.0 + sqrt(a * a + 1.0))), x);
}

fn areaCosine(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x < 1.0) { return nan(); }
  if (isInf(x)) { return x; }
  if (x > 1e8) { return logarithm(x) + 0.6931471805599453; }
  let t = x - 1.0;
  return logOnePlus(t + root(t + t + t * t));
}

fn areaTangent(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a < 1e-4) { return x; }
  if (a > 1.0) { return nan(); }
  if (same(a, 1.0)) { return withSign(infinity(), x); }
  return withSign(0.5 * logOnePlus((a + a) / (1.0 - a)), x);
}

fn inverseErrorNear(t: f32) -> f32 {
  var q = -8.7279961e-09 + t * -5.05991604e-09;
  q = 4.35588248e-07 + t * q;
  q = -1.52322082e-06 + t * q;
  q = -1.39595977e-05 + t * q;
  q = 0.000187252605 + t * q;
  q = -0.000740502262 + t * q;
  q = -0.00603427412 + t * q;
  q = 0.240158036 + t * q;
  q = 1.65365469 + t * q;
  return q;
}

fn inverseErrorFar(t: f32) -> f32 {
  var q = -0.000249140896 + t * -2.41931357e-05;
  q = 0.000970033812 + t * q;
  q = -0.00173888181 + t * q;
  q = 0.00248898286 + t * q;
  q = -0.0037423321 + t * q;
  q = 0.00537110539 + t * q;
  q = 1.00525856 + t * q;
  q = 3.08388567 + t * q;
  return q;
}

fn inverseError(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = magnitude(x);
  if (a > 1.0) { return nan(); }
  if (same(a, 1.0)) { return withSign(infinity(), x); }
  var w = 0.0;
  if (a < 0.5) { w = -logOnePlus(-(a * a)); } else { w = -logarithm((1.0 - a) * (1.0 + a)); }
  if (w < 6.25) { return x * inverseErrorNear(w - 3.125); }
  return x * inverseErrorFar(sqrt(w) - 3.25);
}

fn remainderOf(a: f32, b: f32) -> f32 {
  if (isNan(a) || isNan(b) || isInf(a) || isZero(b)) { return nan(); }
  if (isInf(b)) { return a; }
  if (isZero(a)) { return a; }
  // Long division on the whole mantissas: exact, whatever the quotient.
  let x = bitcast<u32>(magnitude(a));
  let y = bitcast<u32>(magnitude(b));
  var ex = i32(x >> 23u);
  var ey = i32(y >> 23u);
  var mx = x & 0x7fffffu;
  var my = y & 0x7fffffu;
  if (ex == 0) { ex = 1; } else { mx = mx | 0x800000u; }
  if (ey == 0) { ey = 1; } else { my = my | 0x800000u; }
  if (ex < ey) { return a; }
  mx = mx % my;
  // The divisor may have 24 bits: eight bits of the quotient at a time fit a word.
  var left = ex - ey;
  while (left > 0 && mx != 0u) {
    let step = min(left, 8);
    mx = (mx << u32(step)) % my;
    left = left - step;
  }
  if (mx == 0u) { return withSign(0.0, a); }
  let top = 31 - i32(countLeadingZeros(mx));
  let shift = min(23 - top, ey - 1);
  mx = mx << u32(shift);
  let e = ey - shift;
  let rest = select(mx & 0x7fffffu, mx, mx < 0x800000u) | (select(u32(e), 0u, mx < 0x800000u) << 23u);
  return withSign(bitcast<f32>(rest), a);
}

fn moduloFloat(a: f32, b: f32) -> f32 {
  let rest = remainderOf(a, b);
  if (isNan(rest)) { return rest; }
  if (isZero(rest)) { return withSign(0.0, b); }
  if (isNegative(rest) != isNegative(b)) {
    if (isInf(b)) { return b; }
    return rest + b;
  }
  return rest;
}

fn quotient(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  let negative = isNegative(a) != isNegative(b);
  if ((isInf(a) && isInf(b)) || (isZero(a) && isZero(b))) { return nan(); }
  if (isInf(a) || isZero(b)) { return select(infinity(), negated(infinity()), negative); }
  if (isInf(b) || isZero(a)) { return select(0.0, -0.0, negative); }
  // The reciprocal of a huge number is subnormal, and 0 on a device.
  let scale = select(1.0, 0.0625, magnitude(b) > 4e37);
  return (a * scale) / rounded(b * scale);
}

fn floorQuotient(a: f32, b: f32) -> f32 {
  let ratio = quotient(a, b);
  if (isZero(b) || isNan(ratio)) { return ratio; }
  if (isInf(a)) { return nan(); }
  if (isInf(ratio)) { return ratio; }
  if (isInf(b)) {
    if (isZero(a)) { return ratio; }
    return select(withSign(0.0, ratio), -1.0, isNegative(a) != isNegative(b));
  }
  let rest = moduloFloat(a, b);
  // a - rest is a whole multiple of b, up to the rounding of the difference.
  let near = floor((a - rest) / b + 0.5);
  return select(near, withSign(0.0, ratio), isZero(near));
}

fn divideInt(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  if (b == -1) { return 0 - a; }
  let rest = a % b;
  return a / b - select(0, 1, rest != 0 && (rest ^ b) < 0);
}

fn moduloInt(a: i32, b: i32) -> i32 {
  if (b == 0 || b == -1) { return 0; }
  let rest = a % b;
  return select(rest, rest + b, rest != 0 && (rest ^ b) < 0);
}

fn hypotenuse(a: f32, b: f32) -> f32 {
  if (isInf(a) || isInf(b)) { return infinity(); }
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  let x = magnitude(a);
  let y = magnitude(b);
  let most = select(y, x, x > y);
  let least = select(x, y, x > y);
  if (isZero(most)) { return most; }
  let ratio = quotient(least, most);
  return most * sqrt(1.0 + ratio * ratio);
}

fn toInt(x: f32) -> i32 {
  if (isNan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return i32(0x80000000u); }
  return i32(x);
}

fn philox(counterLow: u32, counterHigh: u32, keyLow: u32, keyHigh: u32) -> vec4<u32> {
  var c = vec4<u32>(counterLow, counterHigh, 0u, 0u);
  var k0 = keyLow;
  var k1 = keyHigh;
  for (var round = 0; round < 10; round = round + 1) {
    let first = multiplyWide(c.x, 0xd2511f53u);
    let second = multiplyWide(c.z, 0xcd9e8d57u);
    c = vec4<u32>(second.y ^ c.y ^ k0, second.x, first.y ^ c.w ^ k1, first.x);
    k0 = k0 + 0x9e3779b9u;
    k1 = k1 + 0xbb67ae85u;
  }
  return c;
}

fn turn(u: f32, quarter: i32) -> f32 {
  let quarters = u * 4.0;
  let n = whole(quarters);
  let r = (quarters - f32(n)) * 1.5707963267948966;
  let z = r * r;
  let shifted = n + quarter;
  var y = r + r * z * (-0.16666655 + z * (0.00833219 + z * -1.9518408e-4));
  if ((shifted & 1) != 0) { y = 1.0 + z * (-0.5 + z * (0.041666646 + z * (-0.0013887312 + z * 2.4432742e-5))); }
  return select(y, -y, (shifted & 2) != 0);
}
`);

/** A text of functions and structures, taken apart. A structure goes with the function behind it. */
function byName(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  let before = "";
  for (const part of text.trim().split(/\n\n(?=fn |struct )/)) {
    const name = /^fn (\w+)\(/.exec(part)?.[1];
    if (name === undefined) before += `${part}\n`;
    else {
      found[name] = before + part;
      before = "";
    }
  }
  return found;
}
