#include "weir/parallel/Random.hpp"

#include <cmath>

#include "parallel/Normals.hpp"

namespace weir {

namespace {

template <class T>
void fill(const MatrixRef<T>& noise, const Random& random, Index first_id, Index tick) {
  const Index components = Index(noise.extent(0)), count = Index(noise.extent(1));
  constexpr int width = NormalStrip<T>::width, lanes = NormalStrip<T>::lanes;
  Kokkos::parallel_for(
      "Weir::fill_normals", Range(0, (count + lanes - 1) / lanes), KOKKOS_LAMBDA(Index number) {
        const Index first = number * lanes;
        const int here = int(first + lanes < count ? lanes : count - first);
        NormalStrip<T> strip;
        for (Index block = 0; block * width < components; ++block) {
          strip.draw(random, first_id + first, tick, block);
          const int wanted = int(components - block * width < width ? components - block * width : width);
          for (int lane = 0; lane < here; ++lane)
            for (int k = 0; k < wanted; ++k) noise(block * width + k, first + lane) = strip(k, lane);
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
