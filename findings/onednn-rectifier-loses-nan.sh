#!/usr/bin/env bash
# One would expect: the rectifier of a NaN is NaN, as in NumPy, PyTorch and ONNX Runtime, so that a network whose numbers are none says so in its answers.
# What happens: oneDNN 2.6.3's forward relu gives 0 for NaN on an x86 processor with AVX, both by itself and as what is done to a convolution's result
# (a post-op), where clip and the maximum with 0 do the same; infinity stays. A NaN that a convolution's bias brings is gone in the layer behind it.
# What a user of Nabla would have met: a model that has diverged would answer with finite numbers on the native engine alone. There the sum with another
# result and normalisation are done in the library's pass, and rectification by a kernel of ours.
set -euo pipefail
version="2.6.3-1"
command -v g++ >/dev/null || { echo "g++ could not be had"; exit 2; }
grep -qw avx /proc/cpuinfo 2>/dev/null || { echo "a processor with AVX could not be had"; exit 2; }
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download "libdnnl2=$version" "libdnnl-dev=$version" >download.log 2>&1 || { cat download.log; echo "oneDNN $version could not be had"; exit 2; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >probe.cpp <<'PROGRAM'
#include <dnnl.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <unordered_map>

using namespace dnnl;
using tag = memory::format_tag;
constexpr auto f32 = memory::data_type::f32;
const engine cpu(engine::kind::cpu, 0);

float *values(memory &m) { return static_cast<float *>(m.get_data_handle()); }

/** The first pixel of channels 0 to 2, whose bias is 2, NaN and infinity: a 1x1 convolution of ones with weights 0. */
void convolution(const post_ops &after, float *out) {
  const memory::dims image{1, 16, 4, 4}, filters{16, 16, 1, 1}, bias{16};
  const auto blocks = [&](const memory::dims &d) { return memory::desc(d, f32, tag::nChw16c); };
  primitive_attr attributes;
  attributes.set_post_ops(after);
  const convolution_forward::desc wanted(prop_kind::forward_inference, algorithm::convolution_direct, blocks(image),
                                         memory::desc(filters, f32, tag::any), memory::desc(bias, f32, tag::a), blocks(image),
                                         {1, 1}, {0, 0}, {0, 0});
  const convolution_forward::primitive_desc made(wanted, attributes, cpu);
  memory x(made.src_desc(), cpu), w(made.weights_desc(), cpu), b(made.bias_desc(), cpu), y(made.dst_desc(), cpu);
  memory zero(memory::desc({1, 1, 1, 1}, f32, tag::abcd), cpu);
  values(zero)[0] = 0;
  for (size_t i = 0; i < made.src_desc().get_size() / 4; i++) values(x)[i] = 1;
  for (size_t i = 0; i < made.weights_desc().get_size() / 4; i++) values(w)[i] = 0;
  for (int i = 0; i < 16; i++) values(b)[i] = 2;
  values(b)[1] = std::nanf("");
  values(b)[2] = std::numeric_limits<float>::infinity();
  stream s(cpu);
  std::unordered_map<int, memory> operands{{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}};
  if (after.len() > 0 && after.kind(0) == primitive::kind::binary)
    operands.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, zero});
  convolution_forward(made).execute(s, operands);
  s.wait();
  for (int i = 0; i < 3; i++) out[i] = values(y)[i];
}

void alone(float *out) {
  const memory::desc row({1, 16}, f32, tag::ab);
  const eltwise_forward::primitive_desc made({prop_kind::forward_inference, algorithm::eltwise_relu, row, 0, 0}, cpu);
  memory x(row, cpu), y(row, cpu);
  for (int i = 0; i < 16; i++) values(x)[i] = 2;
  values(x)[1] = std::nanf("");
  values(x)[2] = std::numeric_limits<float>::infinity();
  stream s(cpu);
  eltwise_forward(made).execute(s, {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}});
  s.wait();
  for (int i = 0; i < 3; i++) out[i] = values(y)[i];
}

int main() {
  const version_t &v = *dnnl::version();
  std::printf("oneDNN %d.%d.%d\n", v.major, v.minor, v.patch);
  post_ops none, relu, clip, maximum;
  relu.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
  clip.append_eltwise(1, algorithm::eltwise_clip, 0, std::numeric_limits<float>::infinity());
  maximum.append_binary(algorithm::binary_max, memory::desc({1, 1, 1, 1}, f32, tag::abcd));
  bool as_said = true;
  const auto show = [&](const char *name, const float *y, bool kept) {
    std::printf("  %-32s of 2, NaN, infinity: %g, %g, %g\n", name, y[0], y[1], y[2]);
    as_said = as_said && y[0] == 2 && (kept ? std::isnan(y[1]) : y[1] == 0) && std::isinf(y[2]);
  };
  float y[3];
  convolution(none, y), show("convolution", y, true);
  convolution(relu, y), show("convolution, then relu", y, false);
  convolution(clip, y), show("convolution, then clip", y, false);
  convolution(maximum, y), show("convolution, then the maximum", y, false);
  alone(y), show("relu by itself", y, false);
  return as_said ? 0 : 1;
}
PROGRAM
include="$(dirname "$(find root/usr/include -name dnnl.hpp | grep -v oneapi | head -1)")"
library="$(dirname "$(find root -name 'libdnnl.so.2' | head -1)")"
g++ -O1 -std=c++17 -I "$include" probe.cpp -L "$library" -l:libdnnl.so.2 -o probe >compile.log 2>&1 || { cat compile.log; echo "the program could not be compiled"; exit 2; }
LD_LIBRARY_PATH="$library" OMP_NUM_THREADS=1 ./probe
