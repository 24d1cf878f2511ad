#include "weir/parallel/Random.hpp"

#include <cmath>

namespace weir {

namespace {

constexpr int lanes = 32;  // particles whose draws are computed side by side

// Column-wise buffers of one strip of particles: out[k][lane] is the k-th normal of a block of four (or two).
template <class T>
struct Block;

template <>
struct Block<float> {
  static constexpr int normals = 4;
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
struct Block<double> {
  static constexpr int normals = 2;
  static KOKKOS_FORCEINLINE_FUNCTION void draw(const Random& random, Index id, Index tick, Index block,
                                               double* out, int stride) {
    random.normals(id, tick, block, out[0], out[stride]);
  }
};

template <class T>
void fill(const MatrixRef<T>& noise, const Random& random, Index first_id, Index tick) {
  const Index components = Index(noise.extent(0)), count = Index(noise.extent(1));
  constexpr int width = Block<T>::normals;
  Kokkos::parallel_for(
      "Weir::fill_normals", Range(0, (count + lanes - 1) / lanes), KOKKOS_LAMBDA(Index strip) {
        const Index first = strip * lanes;
        const int here = int(first + lanes < count ? lanes : count - first);
        T drawn[width * lanes];
        for (Index block = 0; block * width < components; ++block) {
#pragma omp simd
          for (int lane = 0; lane < lanes; ++lane)
            Block<T>::draw(random, first_id + first + lane, tick, block, drawn + lane, lanes);
          const int wanted = int(components - block * width < width ? components - block * width : width);
          for (int lane = 0; lane < here; ++lane)
            for (int k = 0; k < wanted; ++k) noise(block * width + k, first + lane) = drawn[k * lanes + lane];
        }
      });
}

}  // namespace

void fill_normals(const MatrixRef<double>& noise, const Random& random, Index first_id, Index tick) {
  fill(noise, random, first_id, tick);
}
void fill_normals(const MatrixRef<float>& noise, const Random& random, Index first_id, Index tick) {
  fill(noise, random, first_id, tick);
}

}  // namespace weir
