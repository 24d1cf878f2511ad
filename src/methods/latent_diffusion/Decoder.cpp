#include "methods/latent_diffusion/Decoder.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

void initialise_decoder(const DecoderOptions& options, const MlpShape& shape, Index seed,
                        const std::vector<Real>& mean, const VectorRef<Real>& theta) {
  initialise_network(shape, seed, 4, 0, theta);
  const Mlp<Real> network(shape);
  const auto& last = network.layers().back();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), theta);
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const Real p = std::clamp(mean[c], 0.01, 0.99);
    host(last.bias + Index(c)) = options.likelihood == "bernoulli" ? std::log(p / (1 - p)) : mean[c];
  }
  Kokkos::deep_copy(theta, host);
}

template <class T>
Decoder<T>::Decoder(const DecoderOptions& options, Index latent, Index data, Index most_columns)
    : network_(options.shape(latent, data)),
      tape_(network_, most_columns, Purpose::gradient),
      gaussian_(options.likelihood == "gaussian"),
      output_("Weir::Decoder::output", data, most_columns),
      x_bar_("Weir::Decoder::x_bar", latent, most_columns),
      losses_("Weir::Decoder::losses", most_columns) {}

template <class T>
void Decoder<T>::decode(const VectorRef<const T>& theta, const MatrixRef<const T>& x) {
  columns_ = Index(x.extent(1));
  network_.value(theta, x, tape_, first_columns(output_, columns_));
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
void Decoder<T>::compare(const MatrixRef<const T>& y, T inverse_variance, Index first, Index end) {
  const auto output = output_;
  const auto losses = losses_;
  const Index d = Index(output_.extent(0));
  const bool gaussian = gaussian_;
  Kokkos::parallel_for(
      "Weir::Decoder::residuals", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        T sum = 0;
        for (Index c = 0; c < first; ++c) output(c, i) = 0;
        for (Index c = end; c < d; ++c) output(c, i) = 0;
        for (Index c = first; c < end; ++c) {
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
  network_.vjp(theta, first_columns(output_, columns_), tape_, theta_bar,
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
