#include "methods/latent_diffusion/decoder/Decoder.hpp"

#include <algorithm>
#include <cmath>

#include "weir/networks/MlpFlops.hpp"

namespace weir {

namespace {

template <class T>
class MlpMap : public DecoderMap<T> {
 public:
  MlpMap(const MlpShape& shape, Index most_columns)
      : network_(shape), tape_(network_, most_columns, Purpose::gradient) {}
  void value(const VectorRef<const T>& theta, const MatrixRef<const T>& x, const MatrixRef<T>& y) override {
    network_.value(theta, x, tape_, y);
  }
  void vjp(const VectorRef<const T>& theta, const MatrixRef<const T>& y_bar, const VectorRef<T>& theta_bar,
           const MatrixRef<T>& x_bar) override {
    network_.vjp(theta, y_bar, tape_, theta_bar, x_bar);
  }

 private:
  Mlp<T> network_;
  MlpTape<T> tape_;
};

template <class T>
class ImageMap : public DecoderMap<T> {
 public:
  ImageMap(const ImageShape& shape, Index most_columns) : network_(shape, most_columns) {}
  void value(const VectorRef<const T>& theta, const MatrixRef<const T>& x, const MatrixRef<T>& y) override {
    network_.value(theta, x, y);
  }
  void vjp(const VectorRef<const T>& theta, const MatrixRef<const T>& y_bar, const VectorRef<T>& theta_bar,
           const MatrixRef<T>& x_bar) override {
    network_.vjp(theta, y_bar, theta_bar, x_bar);
  }

 private:
  ImageNetwork<T> network_;
};

}  // namespace

template <class T>
std::unique_ptr<DecoderMap<T>> make_decoder_map(const DecoderOptions& options, Index latent, Index data,
                                                Index most_columns) {
  if (options.images())
    return std::make_unique<ImageMap<T>>(options.image_shape(latent, data, ""), most_columns);
  return std::make_unique<MlpMap<T>>(options.shape(latent, data), most_columns);
}

DecoderFlops flops_of(const DecoderOptions& options, Index latent, Index data) {
  if (!options.images()) {
    const MlpFlops flops(options.shape(latent, data));
    return {flops.value, flops.parameters, flops.down, flops.to_input};
  }
  DecoderFlops flops{0, 0, 0, 0};
  for (const auto& layer : options.image_shape(latent, data, "").layers()) {
    const bool dense = layer.weights == 0;
    const Index product = 2 * layer.numbers() * (dense ? layer.in : 9 * layer.in);
    flops.value += product;
    flops.parameters += product + 2 * layer.numbers();
    (dense ? flops.to_input : flops.down) += product;
  }
  return flops;
}

void initialise_decoder(const DecoderOptions& options, Index latent, Index seed,
                        const std::vector<Real>& mean, const VectorRef<Real>& theta) {
  const Index data = Index(mean.size());
  Index last = 0;  // of the last biases, the first
  if (options.images()) {
    const ImageShape shape = options.image_shape(latent, data, "");
    initialise_image_network(shape, seed, 4, theta);
    last = shape.layers().back().bias;
  } else {
    const MlpShape shape = options.shape(latent, data);
    initialise_network(shape, seed, 4, 0, theta);
    last = Mlp<Real>(shape).layers().back().bias;
  }
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), theta);
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const Real p = std::clamp(mean[c], 0.01, 0.99);
    host(last + Index(c)) = options.likelihood == "bernoulli" ? std::log(p / (1 - p)) : mean[c];
  }
  Kokkos::deep_copy(theta, host);
}

template <class T>
Decoder<T>::Decoder(const DecoderOptions& options, Index latent, Index data, Index most_columns)
    : map_(make_decoder_map<T>(options, latent, data, most_columns)),
      gaussian_(options.likelihood == "gaussian"),
      output_("Weir::Decoder::output", data, most_columns),
      x_bar_("Weir::Decoder::x_bar", latent, most_columns),
      losses_("Weir::Decoder::losses", most_columns) {}

template <class T>
void Decoder<T>::decode(const VectorRef<const T>& theta, const MatrixRef<const T>& x) {
  columns_ = Index(x.extent(1));
  map_->value(theta, x, first_columns(output_, columns_));
}

template <class T>
MatrixRef<const T> Decoder<T>::means() {
  if (!gaussian_) squash();
  return first_columns(output_, columns_);
}

template <class T>
void Decoder<T>::squash() {
  const auto output = output_;
  const Index d = Index(output_.extent(0));
  Kokkos::parallel_for(
      "Weir::Decoder::squash", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) output(c, i) = 1 / (1 + exp(-output(c, i)));
      });
  Kokkos::fence();
}

/// Outputs become their adjoints.
template <class T>
void Decoder<T>::compare(const MatrixRef<const T>& y, T inverse_variance, const Vector<bool>& known) {
  const auto output = output_;
  const auto losses = losses_;
  const Index d = Index(output_.extent(0));
  const bool gaussian = gaussian_, all = known.extent(0) == 0;
  Kokkos::parallel_for(
      "Weir::Decoder::residuals", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        T sum = 0;
        for (Index c = 0; c < d; ++c) {
          if (!all && !known(c)) {
            output(c, i) = 0;
            continue;
          }
          const T g = output(c, i);
          if (gaussian) {
            const T residual = g - y(c, i);
            sum += residual * residual;
            output(c, i) = inverse_variance * residual;
          } else {
            const T large = g > 0 ? g : T(0), decay = exp(g > 0 ? -g : g);
            sum += 2 * (large + log(1 + decay) - y(c, i) * g);
            output(c, i) = (g > 0 ? T(1) : decay) / (1 + decay) - y(c, i);
          }
        }
        losses(i) = sum;
      });
  Kokkos::fence();
}

template <class T>
void Decoder<T>::gradients(const VectorRef<const T>& theta, T scale, const VectorRef<T>& theta_bar,
                           const MatrixRef<T>& force) {
  scale_adjoints(scale);
  map_->vjp(theta, first_columns(output_, columns_), theta_bar,
            force.data() ? first_columns(x_bar_, columns_) : MatrixRef<T>());
  if (force.data()) subtract(force, 1 / scale);
}

template <class T>
void Decoder<T>::scale_adjoints(T by) {
  const auto output = output_;
  const Index d = Index(output_.extent(0));
  Kokkos::parallel_for(
      "Weir::Decoder::scale", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) output(c, i) *= by;
      });
  Kokkos::fence();
}

template <class T>
void Decoder<T>::subtract(const MatrixRef<T>& force, T by) const {
  const auto x_bar = x_bar_;
  const Index d = Index(x_bar_.extent(0));
  Kokkos::parallel_for(
      "Weir::Decoder::force", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) force(c, i) -= by * x_bar(c, i);
      });
  Kokkos::fence();
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace weir
