// Standard normals of a strip of particles, drawn side by side inside a kernel.
//
//     strip[k][lane] = component (block * width + k) of particle (first_id + lane) at `tick`
//
// The same numbers as fill_normals gives. In double a draw of Philox gives two normals (width 2), in single
// four (of 32-bit uniforms: radii up to 6.7).
#pragma once

#include "weir/parallel/Partition.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

template <class T>
struct NormalDraw;

template <>
struct NormalDraw<float> {
  static constexpr int width = 4;
  static KOKKOS_FORCEINLINE_FUNCTION float unit(std::uint32_t word) {
    return (float(std::int32_t(word >> 8)) + 0.5f) * 0x1p-24f;
  }
  static KOKKOS_FORCEINLINE_FUNCTION void pair(std::uint32_t a, std::uint32_t b, float& first,
                                               float& second) {
    // The radius keeps all 32 bits of its word, so that the tail is not cut early.
    const float u = (float(std::int32_t(a >> 1)) + 0.5f) * 0x1p-31f;
    const float radius = sqrtf(-2.0f * fast_log(u));
    float sine, cosine;
    fast_sincos_turns(unit(b), sine, cosine);
    first = radius * cosine;
    second = radius * sine;
  }
  static KOKKOS_FORCEINLINE_FUNCTION void draw(const Random& random, Index id, Index tick, Index block,
                                               float* out, int stride) {
    const auto b = random.bits(id, tick, block);
    pair(b[0], b[1], out[0], out[stride]);
    pair(b[2], b[3], out[2 * stride], out[3 * stride]);
  }
};

template <>
struct NormalDraw<double> {
  static constexpr int width = 2;
  static KOKKOS_FORCEINLINE_FUNCTION void draw(const Random& random, Index id, Index tick, Index block,
                                               double* out, int stride) {
    random.normals(id, tick, block, out[0], out[stride]);
  }
};

template <class T>
struct NormalStrip {
  static constexpr int lanes = 32, width = NormalDraw<T>::width;
  T drawn[width * lanes];

  KOKKOS_FORCEINLINE_FUNCTION void draw(const Random& random, Index first_id, Index tick, Index block) {
#pragma omp simd
    for (int lane = 0; lane < lanes; ++lane)
      NormalDraw<T>::draw(random, first_id + lane, tick, block, drawn + lane, lanes);
  }
  /// (this + other) / 2
  KOKKOS_FORCEINLINE_FUNCTION void average_with(const NormalStrip& other) {
#pragma omp simd
    for (int j = 0; j < width * lanes; ++j) drawn[j] = T(0.5) * (drawn[j] + other.drawn[j]);
  }
  KOKKOS_FORCEINLINE_FUNCTION T operator()(int k, int lane) const {
    return drawn[k * lanes + lane];
  }
};

/// Draws the normals of all particles of a tile at `tick` and calls use(component, column, normal) for each.
template <class T, class Use>
KOKKOS_INLINE_FUNCTION void draw_normals(const Random& random, const Tile& tile, Index components, Index tick,
                                         const Use& use) {
  constexpr int width = NormalStrip<T>::width, lanes = NormalStrip<T>::lanes;
  NormalStrip<T> strip;
  for (Index first = 0; first < tile.count; first += lanes) {
    const int here = int(first + lanes < tile.count ? lanes : tile.count - first);
    for (Index block = 0; block * width < components; ++block) {
      strip.draw(random, tile.global + first, tick, block);
      const int wanted = int(components - block * width < width ? components - block * width : width);
      for (int k = 0; k < wanted; ++k)
        for (int lane = 0; lane < here; ++lane)
          use(block * width + k, tile.first + first + lane, strip(k, lane));
    }
  }
}

}  // namespace weir
