#include "methods/latent_diffusion/decoder/ImageNetwork.hpp"

#include <algorithm>
#include <cmath>

#include "networks/Passes.hpp"
#include "weir/base/Error.hpp"
#include "weir/networks/Gemm.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

constexpr Index taps = 9;

template <class T>
T* column_of(const Matrix<T>& matrix, Index column) {
  return matrix.data() + column * Index(matrix.extent(0));
}

}  // namespace

std::vector<ImageShape::Layer> ImageShape::layers() const {
  const Index factor = Index(1) << levels();
  WEIR_CHECK(!channels.empty() && height % factor == 0 && width % factor == 0, "{} x {} by {} levels", height,
             width, levels());
  std::vector<Layer> all;
  Index next = 0;
  const auto add = [&](Layer layer, Index weights, Index biases) {
    layer.weights = next;
    layer.bias = next + weights;
    next = layer.bias + biases;
    all.push_back(layer);
  };
  Index h = height / factor, w = width / factor;
  add({latent, channels[0], h, w, false, false, false, 0, 0}, latent * channels[0] * h * w,
      channels[0] * h * w);
  const auto convolve = [&](Index in, Index out, bool up, bool skip, bool last) {
    add({in, out, h, w, up, skip, last, 0, 0}, taps * in * out, last ? out * h * w : out);
  };
  for (std::size_t level = 0; level < channels.size(); ++level) {
    if (level > 0) {
      h *= 2, w *= 2;
      convolve(channels[level - 1], channels[level], true, false, false);
    }
    for (Index block = 0; block < residual; ++block)
      convolve(channels[level], channels[level], false, true, false);
  }
  convolve(channels.back(), colours, false, false, true);
  return all;
}

Index ImageShape::parameters() const {
  return layers().back().bias + outputs();
}

void initialise_image_network(const ImageShape& shape, Index seed, Index network,
                              const VectorRef<Real>& theta) {
  const Random random(seed, Stream::network_parameters);
  const bool half = shape.activation == Activation::relu || shape.activation == Activation::silu ||
                    shape.activation == Activation::gelu;  // about half of the inputs pass
  const auto host = Kokkos::create_mirror_view(theta);
  for (const auto& layer : shape.layers()) {
    const bool dense = layer.weights == 0;
    const Real gain = half && !layer.last ? std::sqrt(Real(2)) : 1;
    const Real deviation = gain / std::sqrt(Real(dense ? layer.in : taps * layer.in));
    const Index end = layer.bias + (dense || layer.last ? layer.numbers() : layer.out);
    for (Index i = layer.weights; i < end; ++i)
      host(i) = i < layer.bias ? deviation * random.normal(i, network, 0) : 0;
  }
  Kokkos::deep_copy(theta, host);
}

template <class T>
ImageNetwork<T>::ImageNetwork(const ImageShape& shape, Index most_columns)
    : shape_(shape), layers_(shape.layers()), x_("Weir::ImageNetwork::x", shape.latent, most_columns) {
  Index largest = 1, pixels = most_columns;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    if (l > 0) largest = std::max(largest, taps * layer.in * layer.pixels());
    pixels = std::max(pixels, layer.pixels());
    if (layer.last) continue;
    maps_.push_back({Matrix<T>("Weir::ImageNetwork::h", layer.numbers(), most_columns),
                     Matrix<T>("Weir::ImageNetwork::slope", layer.numbers(), most_columns),
                     Matrix<T>("Weir::ImageNetwork::g", layer.numbers(), most_columns)});
  }
  neighbours_ = Matrix<T>("Weir::ImageNetwork::neighbours", largest, 1);
  their_adjoint_ = Matrix<T>("Weir::ImageNetwork::their_adjoint", largest, 1);
  ones_ = Vector<T>("Weir::ImageNetwork::ones", pixels);
  Kokkos::deep_copy(ones_, T(1));
}

template <class T>
void ImageNetwork<T>::value(const VectorRef<const T>& theta, const MatrixRef<const T>& x,
                            const MatrixRef<T>& y) {
  columns_ = Index(x.extent(1));
  WEIR_CHECK(Index(theta.extent(0)) == parameters() && columns_ <= Index(x_.extent(1)) &&
                 Index(y.extent(0)) == shape_.outputs(),
             "{} parameters of {}, {} columns of {}, {} outputs of {}", theta.extent(0), parameters(),
             columns_, x_.extent(1), y.extent(0), shape_.outputs());
  Kokkos::deep_copy(first_columns(x_, columns_), x);
  const Layer& dense = layers_.front();
  const Index out = dense.numbers();
  fill_dense(theta.data() + dense.bias, first_columns(maps_[0].h, columns_));
  gemm(Op::none, Op::none, out, columns_, dense.in, T(1), theta.data() + dense.weights, out, x_.data(),
       dense.in, T(1), maps_[0].h.data(), out);
  for (Index l = 0; l < Index(layers_.size()); ++l) {
    const Layer& layer = layers_[std::size_t(l)];
    for (Index column = 0; l > 0 && column < columns_; ++column)
      convolve(
          theta, layer, column_of(maps_[std::size_t(l - 1)].h, column),
          layer.last ? y.data() + column * Index(y.stride(1)) : column_of(maps_[std::size_t(l)].h, column));
    if (!layer.last) activations::with(shape_.activation, [&](auto phi) { activate(phi, l, columns_); });
  }
}

template <class T>
void ImageNetwork<T>::convolve(const VectorRef<const T>& theta, const Layer& layer, const T* from,
                               T* to) const {
  const Index k = taps * layer.in;
  fill(layer, theta.data() + layer.bias, to);
  gather_neighbours(layer, from);
  gemm(Op::none, Op::none, layer.out, layer.pixels(), k, T(1), theta.data() + layer.weights, layer.out,
       neighbours_.data(), k, T(1), to, layer.out);
}

/// z = b, of an image.
template <class T>
void ImageNetwork<T>::fill(const Layer& layer, const T* bias, T* z) const {
  const Index out = layer.out;
  const bool each = layer.last;
  Kokkos::parallel_for(
      "Weir::ImageNetwork::fill", Range(0, layer.pixels()), KOKKOS_LAMBDA(Index p) {
        for (Index c = 0; c < out; ++c) z[p * out + c] = bias[each ? p * out + c : c];
      });
}

template <class T>
void ImageNetwork<T>::fill_dense(const T* bias, const MatrixRef<T>& z) const {
  const Index out = Index(z.extent(0));
  Kokkos::parallel_for(
      "Weir::ImageNetwork::fill_dense", Range(0, Index(z.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < out; ++c) z(c, i) = bias[c];
      });
}

/// Column p: channels of the nine pixels about p, row by row; 0 beyond the edge.
template <class T>
void ImageNetwork<T>::gather_neighbours(const Layer& layer, const T* h) const {
  T* const to = neighbours_.data();
  const Index in = layer.in, height = layer.height, width = layer.width;
  const int shift = layer.up ? 1 : 0;
  Kokkos::parallel_for(
      "Weir::ImageNetwork::gather_neighbours", Range(0, layer.pixels()), KOKKOS_LAMBDA(Index p) {
        const Index row = p / width, column = p % width;
        for (Index tap = 0; tap < taps; ++tap) {
          const Index y = row + tap / 3 - 1, x = column + tap % 3 - 1;
          T* const one = to + (p * taps + tap) * in;
          const bool inside = y >= 0 && y < height && x >= 0 && x < width;
          const T* const from = inside ? h + ((y >> shift) * (width >> shift) + (x >> shift)) * in : nullptr;
          for (Index c = 0; c < in; ++c) one[c] = inside ? from[c] : T(0);
        }
      });
}

/// g of a pixel = [g +] what its copies' neighbourhoods hold for it.
template <class T>
void ImageNetwork<T>::scatter_neighbours(const Layer& layer, T* g, bool add) const {
  const T* const from = their_adjoint_.data();
  const Index in = layer.in, height = layer.height, width = layer.width, copies = layer.up ? 2 : 1;
  Kokkos::parallel_for(
      "Weir::ImageNetwork::scatter_neighbours", Range(0, layer.pixels_in()), KOKKOS_LAMBDA(Index s) {
        T* const to = g + s * in;
        const Index row = s / (width / copies) * copies, column = s % (width / copies) * copies;
        for (Index c = 0; !add && c < in; ++c) to[c] = 0;
        for (Index copy = 0; copy < copies * copies; ++copy)
          for (Index tap = 0; tap < taps; ++tap) {
            const Index y = row + copy / copies - (tap / 3 - 1), x = column + copy % copies - (tap % 3 - 1);
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            const T* const one = from + ((y * width + x) * taps + tap) * in;
            for (Index c = 0; c < in; ++c) to[c] += one[c];
          }
      });
}

/// h = phi(h) [+ h of the layer before], and the slope.
template <class T>
template <class Phi>
void ImageNetwork<T>::activate(Phi, Index l, Index columns) const {
  const Map& map = maps_[std::size_t(l)];
  const Index numbers = Index(map.h.extent(0));
  T* const hs = map.h.data();
  T* const slopes = map.slope.data();
  const T* const before = layers_[std::size_t(l)].residual ? maps_[std::size_t(l - 1)].h.data() : nullptr;
  Kokkos::parallel_for(
      "Weir::ImageNetwork::activate", Range(0, columns), KOKKOS_LAMBDA(Index column) {
        const Index start = column * numbers, end = start + numbers;
        Index i = start;
        for (; i + passes::lanes<T> <= end; i += passes::lanes<T>) {
          const auto jet = Phi::jet(passes::load(hs + i));
          passes::store(before ? jet.value + passes::load(before + i) : jet.value, hs + i);
          passes::store(jet.slope, slopes + i);
        }
        for (; i < end; ++i) {
          const auto jet = Phi::jet(hs[i]);
          hs[i] = before ? jet.value + before[i] : jet.value;
          slopes[i] = jet.slope;
        }
      });
}

/// slope = g slope: the adjoint of what went into phi.
template <class T>
void ImageNetwork<T>::multiply(Index l, Index columns) const {
  const auto slope = maps_[std::size_t(l)].slope, g = maps_[std::size_t(l)].g;
  const Index numbers = Index(g.extent(0));
  Kokkos::parallel_for(
      "Weir::ImageNetwork::multiply", Range(0, columns), KOKKOS_LAMBDA(Index column) {
        for (Index i = 0; i < numbers; ++i) slope(i, column) *= g(i, column);
      });
}

template <class T>
void ImageNetwork<T>::vjp(const VectorRef<const T>& theta, const MatrixRef<const T>& y_bar,
                          const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar) {
  WEIR_CHECK(Index(y_bar.extent(1)) == columns_, "{} adjoints of {} columns", y_bar.extent(1), columns_);
  const Index last = Index(layers_.size()) - 1;
  const bool learned = theta_bar.extent(0) > 0;
  if (learned)
    gemm(Op::none, Op::none, shape_.outputs(), 1, columns_, T(1), y_bar.data(), Index(y_bar.stride(1)),
         ones_.data(), columns_, T(0), theta_bar.data() + layers_.back().bias, shape_.outputs());
  for (Index l = last; l > 0; --l) {
    const Map* map = l == last ? nullptr : &maps_[std::size_t(l)];
    if (map) multiply(l, columns_);
    for (Index column = 0; column < columns_; ++column)
      reverse_convolution(
          theta, l, map ? column_of(map->slope, column) : y_bar.data() + column * Index(y_bar.stride(1)),
          column, theta_bar);
  }
  multiply(0, columns_);
  reverse_dense(theta, theta_bar, x_bar);
}

/// Of one image: what the layer's parameters get, and g of the layer before.
template <class T>
void ImageNetwork<T>::reverse_convolution(const VectorRef<const T>& theta, Index l, const T* delta,
                                          Index column, const VectorRef<T>& theta_bar) {
  const Layer& layer = layers_[std::size_t(l)];
  const Map& before = maps_[std::size_t(l - 1)];
  const Index k = taps * layer.in, pixels = layer.pixels();
  if (theta_bar.extent(0) > 0) {
    const T keep = column == 0 ? T(0) : T(1);
    gather_neighbours(layer, column_of(before.h, column));
    gemm(Op::none, Op::transpose, layer.out, k, pixels, T(1), delta, layer.out, neighbours_.data(), k, keep,
         theta_bar.data() + layer.weights, layer.out);
    if (!layer.last)
      gemm(Op::none, Op::none, layer.out, 1, pixels, T(1), delta, layer.out, ones_.data(), pixels, keep,
           theta_bar.data() + layer.bias, layer.out);
  }
  gemm(Op::transpose, Op::none, k, pixels, layer.out, T(1), theta.data() + layer.weights, layer.out, delta,
       layer.out, T(0), their_adjoint_.data(), k);
  T* const g = column_of(before.g, column);
  if (layer.residual)
    Kokkos::deep_copy(
        VectorRef<T>(g, std::size_t(layer.numbers())),
        VectorRef<const T>(column_of(maps_[std::size_t(l)].g, column), std::size_t(layer.numbers())));
  scatter_neighbours(layer, g, layer.residual);
}

template <class T>
void ImageNetwork<T>::reverse_dense(const VectorRef<const T>& theta, const VectorRef<T>& theta_bar,
                                    const MatrixRef<T>& x_bar) {
  const Layer& dense = layers_.front();
  const Index out = dense.numbers();
  const T* const delta = maps_[0].slope.data();
  if (theta_bar.extent(0) > 0) {
    gemm(Op::none, Op::transpose, out, dense.in, columns_, T(1), delta, out, x_.data(), dense.in, T(0),
         theta_bar.data() + dense.weights, out);
    gemm(Op::none, Op::none, out, 1, columns_, T(1), delta, out, ones_.data(), columns_, T(0),
         theta_bar.data() + dense.bias, out);
  }
  if (x_bar.size() > 0)
    gemm(Op::transpose, Op::none, dense.in, columns_, out, T(1), theta.data() + dense.weights, out, delta,
         out, T(0), x_bar.data(), Index(x_bar.stride(1)));
}

template class ImageNetwork<float>;
template class ImageNetwork<double>;

}  // namespace weir
