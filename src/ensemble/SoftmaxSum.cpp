#include "weir/ensemble/SoftmaxSum.hpp"

#include "weir/base/Error.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {

namespace {

constexpr int chunk = 64;         // sources whose exponents are found before their sum
constexpr Real headroom = 20;     // l may exceed the reference by so much before sums are scaled anew
constexpr Real nothing = -1e300;  // the reference before the first source

/// Where a target's sums lie in its column.
constexpr Index reference_row = 0, sum_row = 1, first_row = 2;

/// One source of the chunk, by weights[0 .. count) that add up to `total`.
template <class T>
KOKKOS_INLINE_FUNCTION Index choose(const T* weights, int stride, Index count, Real total, Real uniform) {
  Real left = uniform * total;
  for (Index j = 0; j + 1 < count; ++j) {
    left -= Real(weights[j * stride]);
    if (left < 0) return j;
  }
  return count - 1;
}

/// What a kernel adds to: small enough to be captured.
template <class T>
struct Accumulation {
  MatrixRef<Real> sums;
  VectorRef<Index> drawn;
  MatrixRef<Real> drawn_at;
  VectorRef<const T> block;  // of sources
  Index sources, first_source, tile_size, stride;
  T rate;
  bool draws;
  SoftmaxDraw draw;
};

/// Adds the weights of a chunk, relative to the target's reference, and the choice among them.
template <class T>
KOKKOS_INLINE_FUNCTION void merge(const Accumulation<T>& to, int d, Index i, Index id, Index first,
                                  Index count, Real sum, const Real* moments, const T* weights, int stride) {
  to.sums(sum_row, i) += sum;
  for (int c = 0; c < d; ++c) to.sums(first_row + c, i) += moments[c];
  if (!to.draws || !(sum > 0)) return;
  const Index global = to.first_source + first, chunks = (to.tile_size + chunk - 1) / chunk;
  const auto bits =
      to.draw.random.bits(id, to.draw.tick, global / to.tile_size * chunks + global % to.tile_size / chunk);
  if (Random::unit(bits[0], bits[1]) * to.sums(sum_row, i) >= sum) return;
  const Index j = first + choose(weights, stride, count, sum, Random::unit(bits[2], bits[3]));
  to.drawn(i) = to.first_source + j;
  for (int c = 0; c < d; ++c) to.drawn_at(c, i) = Real(to.block(j * to.stride + c));
}

/// Targets [begin, begin + lanes) of a tile against all sources of a block, chunk by chunk of a source tile.
template <class N, class T, class Dimension>
KOKKOS_INLINE_FUNCTION void add_to_lanes(Dimension d, const Accumulation<T>& to,
                                         const MatrixRef<const Real>& x, const Tile& tile, Index begin) {
  constexpr int width = int(sizeof(N) / sizeof(T));
  constexpr int most = std::is_same<Dimension, int>::value ? int(most_pair_components) : 16;
  N target[most], moments[most], weights[chunk];
  T scalars[width];
  const int here = int(begin + width < tile.count ? width : tile.count - begin);
  for (int c = 0; c < d; ++c) {
    for (int lane = 0; lane < width; ++lane)  // lanes beyond the tile repeat its last target and are dropped
      scalars[lane] = T(x(c, tile.first + begin + (lane < here ? lane : here - 1)));
    target[c] = load(scalars, N());
  }
  T references[width];
  for (int lane = 0; lane < width; ++lane)
    references[lane] = T(to.sums(reference_row, tile.first + begin + (lane < here ? lane : here - 1)));
  N reference = load(references, N());
  const N minus_rate(-to.rate);
  for (Index start = 0; start < to.sources; start += to.tile_size) {
    const Index end = start + to.tile_size < to.sources ? start + to.tile_size : to.sources;
    for (Index first = start; first < end; first += chunk) {
      const Index count = first + chunk < end ? chunk : end - first;
      N top(T(-3e38));
      for (Index j = 0; j < count; ++j) {
        const T* source = &to.block((first + j) * to.stride);
        N square = (target[0] - N(source[0])) * (target[0] - N(source[0]));
        for (int c = 1; c < d; ++c) square = square + (target[c] - N(source[c])) * (target[c] - N(source[c]));
        const N l = N(source[d]) + minus_rate * square;
        weights[j] = l;
        top = select(less_than(top, l), l, top);
      }
      if (!all_lanes(less_than(top, reference + N(T(headroom))))) {
        store(top, scalars);
        for (int lane = 0; lane < width; ++lane) {
          if (scalars[lane] < references[lane] + T(headroom)) continue;
          references[lane] = scalars[lane];
          if (lane >= here) continue;
          const Index i = tile.first + begin + lane;
          const Real factor = exp(to.sums(reference_row, i) - Real(references[lane]));
          to.sums(reference_row, i) = Real(references[lane]);
          for (int k = 0; k <= d; ++k) to.sums(sum_row + k, i) *= factor;
        }
        reference = load(references, N());
      }
      N sum(T(0));
      for (int c = 0; c < d; ++c) moments[c] = N(T(0));
      for (Index j = 0; j < count; ++j) {
        const T* source = &to.block((first + j) * to.stride);
        const N weight = fast_exp(weights[j] - reference);
        weights[j] = weight;
        sum = sum + weight;
        for (int c = 0; c < d; ++c) moments[c] = moments[c] + weight * (N(source[c]) - target[c]);
      }
      T chunk_sums[width], chunk_moments[most * width];
      store(sum, chunk_sums);
      for (int c = 0; c < d; ++c) store(moments[c], chunk_moments + c * width);
      for (int lane = 0; lane < here; ++lane) {
        Real of_lane[most];
        for (int c = 0; c < d; ++c) of_lane[c] = Real(chunk_moments[c * width + lane]);
        merge(to, d, tile.first + begin + lane, tile.global + begin + lane, first, count,
              Real(chunk_sums[lane]), of_lane, reinterpret_cast<const T*>(weights) + lane, width);
      }
    }
  }
}

}  // namespace

template <class T>
SoftmaxSum<T>::SoftmaxSum(const Communicator& comm, const Partition& targets, const Partition& sources,
                          Index components)
    : targets_(targets.local()),
      sources_(sources),
      tile_(sources.tile_size()),
      components_(components),
      comm_(comm),
      blocks_(comm, sources, components + 1),
      sums_("Weir::SoftmaxSum::sums", components + first_row, targets.local_particles()) {}

template <class T>
void SoftmaxSum<T>::operator()(const std::string& what, Real rate, const MatrixRef<const Real>& x,
                               const MatrixRef<const Real>& y, const MatrixRef<const Real>& h,
                               const Result& result, const std::optional<SoftmaxDraw>& draw) {
  draws_ = draw.has_value();
  if (draws_) {
    draw_ = *draw;
    WEIR_CHECK(Index(result.drawn.extent(0)) == targets_.local_particles(), "room for {} draws",
               result.drawn.extent(0));
    if (drawn_at_.extent(0) == 0) {
      drawn_ = Vector<Index>("Weir::SoftmaxSum::drawn", targets_.local_particles());
      drawn_at_ = Matrix<Real>("Weir::SoftmaxSum::drawn_at", components_, targets_.local_particles());
    }
    Kokkos::deep_copy(drawn_, -1);
  }
  Kokkos::deep_copy(sums_, 0);
  Kokkos::deep_copy(Kokkos::subview(sums_, reference_row, Kokkos::ALL), nothing);
  if (blocks_.count() > 0) blocks_.post(0, y, h);
  for (Index b = 0; b < blocks_.count(); ++b) {
    const auto block = blocks_[b];
    counters().pairs += block.sources * targets_.local_particles();
    const VectorRef<const T> numbers = blocks_.arrive(b);
    if (b + 1 < blocks_.count()) blocks_.post(b + 1, y, h);
    const Index first = sources_.first_particle(block.owner) + block.first_source;
    switch (components_) {
      case 1:
        add(Constant<1>(), rate, x, numbers, block.sources, first);
        break;
      case 2:
        add(Constant<2>(), rate, x, numbers, block.sources, first);
        break;
      case 3:
        add(Constant<3>(), rate, x, numbers, block.sources, first);
        break;
      case 4:
        add(Constant<4>(), rate, x, numbers, block.sources, first);
        break;
      case 5:
        add(Constant<5>(), rate, x, numbers, block.sources, first);
        break;
      case 8:
        add(Constant<8>(), rate, x, numbers, block.sources, first);
        break;
      case 16:
        add(Constant<16>(), rate, x, numbers, block.sources, first);
        break;
      default:
        add(int(components_), rate, x, numbers, block.sources, first);
    }
  }
  Kokkos::fence();
  finish(what, x, result);
}

template <class T>
template <class Dimension>
void SoftmaxSum<T>::add(Dimension d, Real rate, const MatrixRef<const Real>& x,
                        const VectorRef<const T>& block, Index sources, Index first_source) {
  using N = HostLanes<T>;
  const Accumulation<T> to{sums_, drawn_,          drawn_at_, block,  sources, first_source,
                           tile_, components_ + 1, T(rate),   draws_, draw_};
  const LocalTiles tiles = targets_;
  constexpr Index strip = kernels_on_host ? 8 : 1 << 30;
  for (Index first = 0; first < tiles.tiles; first += strip) {
    const Index last = std::min(first + strip, tiles.tiles);
    Kokkos::parallel_for(
        "Weir::SoftmaxSum::add", Range(first, last), KOKKOS_LAMBDA(Index local) {
          const Tile tile = tiles[local];
          constexpr int width = int(sizeof(N) / sizeof(T));
          for (Index begin = 0; begin < tile.count; begin += width) add_to_lanes<N>(d, to, x, tile, begin);
        });
    blocks_.progress();
  }
}

template <class T>
void SoftmaxSum<T>::finish(const std::string& what, const MatrixRef<const Real>& x, const Result& result) {
  const auto sums = sums_;
  const auto drawn = drawn_;
  const auto drawn_at = drawn_at_;
  const Index d = components_;
  const bool draws = draws_;
  Index lost = 0;
  Kokkos::parallel_reduce(
      "Weir::SoftmaxSum::finish", Range(0, Index(x.extent(1))),
      KOKKOS_LAMBDA(Index i, Index & found) {
        const Real sum = sums(sum_row, i);
        if (!(sum > 0 && sum < 1e300)) {
          ++found;
          return;
        }
        if (result.log_sum.extent(0) > 0) result.log_sum(i) = sums(reference_row, i) + log(sum);
        if (result.displacement.extent(0) > 0)
          for (Index c = 0; c < d; ++c) result.displacement(c, i) = sums(first_row + c, i) / sum;
        if (!draws) return;
        result.drawn(i) = drawn(i);
        for (Index c = 0; c < d; ++c) result.drawn_at(c, i) = drawn_at(c, i);
      },
      lost);
  if (comm_.sum(lost) > 0)
    throw RunError(fmt::format("{}: {} particles are not finite, or infinitely far from all others", what,
                               comm_.sum(lost)));
}

template class SoftmaxSum<float>;
template class SoftmaxSum<double>;

}  // namespace weir
