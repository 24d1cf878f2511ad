#include "methods/latent_ebm/LatentEnergy.hpp"

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

MlpShape network_shape(const LatentEnergyOptions& options, const EnergyShape& shape) {
  if (const auto* network = std::get_if<EnergyNetworkOptions>(&options.kind))
    return network->shape(shape.components(), 1);
  MlpShape map;
  map.inputs = shape.latent;
  map.outputs = shape.data;
  map.hidden.clear();
  return map;
}

void initialise_energy(const LatentEnergyOptions& options, const EnergyShape& shape, Index seed,
                       const VectorRef<Real>& theta) {
  const MlpShape mlp = network_shape(options, shape);
  const auto* network = std::get_if<EnergyNetworkOptions>(&options.kind);
  initialise_network(mlp, seed, 0, 0, theta);
  if (!network) return;
  const Mlp<Real> made(mlp);
  const Random random(seed, Stream::network_parameters, 1);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), theta);
  for (std::size_t l = 0; l < made.layers().size(); ++l) {
    const auto& plan = made.layers()[l];
    const bool first = l == 0, last = l + 1 == made.layers().size();
    const Real scale = last ? 0.1 : first ? network->first_layer_scale : 1.3;
    const Real bias = last ? 0 : first ? 0.7 : 0.1;
    for (Index i = plan.weights; i < plan.bias; ++i)
      host(i) = scale / std::sqrt(Real(plan.in)) * random.normal(i, 0, 0);
    for (Index i = plan.bias; i < plan.bias + plan.out; ++i) host(i) = bias * random.normal(i, 0, 0);
  }
  Kokkos::deep_copy(theta, host);
}

template <class T>
LatentEnergy<T>::LatentEnergy(const LatentEnergyOptions&, const EnergyShape& shape, Index most_columns)
    : shape_(shape), most_columns_(most_columns) {}

template <class T>
std::unique_ptr<LatentEnergy<T>> LatentEnergy<T>::make(const LatentEnergyOptions& options,
                                                       const EnergyShape& shape, Index most_columns) {
  if (options.is_network()) return std::make_unique<NetworkEnergy<T>>(options, shape, most_columns);
  return std::make_unique<LinearGaussianEnergy<T>>(options, shape, most_columns);
}

template <class T>
NetworkEnergy<T>::NetworkEnergy(const LatentEnergyOptions& options, const EnergyShape& shape,
                                Index most_columns)
    : LatentEnergy<T>(options, shape, most_columns),
      network_(network_shape(options, shape)),
      tape_(network_, most_columns, Purpose::gradient),
      data_(T(options.confinement.data)),
      latent_(T(options.confinement.latent)),
      values_("Weir::NetworkEnergy::values", 1, most_columns),
      weights_("Weir::NetworkEnergy::weights", 1, most_columns) {}

template <class T>
void NetworkEnergy<T>::evaluate(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                                const MatrixRef<T>& slope, const VectorRef<T>& energies) {
  const auto values = first_columns(values_, Index(v.extent(1)));
  if (slope.data())
    network_.input_gradient(theta, v, tape_, slope, values);
  else
    network_.value(theta, v, tape_, values);
  add_confinement(v, values, slope, energies);
}

template <class T>
void NetworkEnergy<T>::add_confinement(const MatrixRef<const T>& v, const MatrixRef<const T>& values,
                                       const MatrixRef<T>& slope, const VectorRef<T>& energies) const {
  const Index dx = this->shape_.data, d = this->shape_.components();
  const T a = data_, b = latent_;
  const bool slopes = slope.data() != nullptr;
  Kokkos::parallel_for(
      "Weir::NetworkEnergy::confinement", Range(0, Index(v.extent(1))), KOKKOS_LAMBDA(Index i) {
        T square = 0;
        for (Index c = 0; c < d; ++c) {
          const T pull = (c < dx ? a : b) * v(c, i);
          square += pull * v(c, i);
          if (slopes) slope(c, i) += pull;
        }
        energies(i) = values(0, i) + T(0.5) * square;
      });
}

template <class T>
void NetworkEnergy<T>::parameter_gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                                          T weight, T penalty, const VectorRef<T>& theta_bar,
                                          const VectorRef<T>& energies) {
  const Index columns = Index(v.extent(1));
  network_.value(theta, v, tape_, first_columns(values_, columns));
  weigh(weight, penalty, columns);
  network_.vjp(theta, first_columns(weights_, columns), tape_, theta_bar, {});
  add_confinement(v, first_columns(values_, columns), {}, energies);
}

template <class T>
void NetworkEnergy<T>::weigh(T weight, T penalty, Index columns) const {
  const auto weights = weights_, values = values_;
  Kokkos::parallel_for(
      "Weir::NetworkEnergy::weigh", Range(0, columns),
      KOKKOS_LAMBDA(Index i) { weights(0, i) = weight + penalty * values(0, i); });
}

template <class T>
LinearGaussianEnergy<T>::LinearGaussianEnergy(const LatentEnergyOptions& options, const EnergyShape& shape,
                                              Index most_columns)
    : LatentEnergy<T>(options, shape, most_columns),
      map_(network_shape(options, shape)),
      tape_(map_, most_columns, Purpose::gradient),
      mean_(std::get<LinearGaussianOptions>(options.kind).mean),
      z_("Weir::LinearGaussianEnergy::z", shape.latent, most_columns),
      residual_("Weir::LinearGaussianEnergy::residual", shape.data, most_columns),
      z_slope_("Weir::LinearGaussianEnergy::z_slope", shape.latent, most_columns) {
  const Real noise = std::get<LinearGaussianOptions>(options.kind).noise;
  inverse_variance_ = T(1 / (noise * noise));
}

/// residual = x - W z - m; energies.
template <class T>
void LinearGaussianEnergy<T>::find_residual(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                                            const VectorRef<T>& energies) {
  const Index dx = this->shape_.data, dz = this->shape_.latent, columns = Index(v.extent(1));
  const auto z = z_, residual = residual_;
  const T inverse_variance = inverse_variance_;
  Kokkos::parallel_for(
      "Weir::LinearGaussianEnergy::latents", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < dz; ++c) z(c, i) = v(dx + c, i);
      });
  Kokkos::fence();
  map_.value(theta, first_columns(z_, columns), tape_, first_columns(residual_, columns));
  Kokkos::parallel_for(
      "Weir::LinearGaussianEnergy::residual", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        T of_data = 0, of_latents = 0;
        for (Index c = 0; c < dx; ++c) {
          residual(c, i) = v(c, i) - residual(c, i);
          of_data += residual(c, i) * residual(c, i);
        }
        for (Index c = 0; c < dz; ++c) of_latents += z(c, i) * z(c, i);
        energies(i) = T(0.5) * (inverse_variance * of_data + of_latents);
      });
  Kokkos::fence();
}

/// residual = by residual
template <class T>
void LinearGaussianEnergy<T>::scale_residual(T by, Index columns) const {
  const auto residual = residual_;
  const Index dx = this->shape_.data;
  Kokkos::parallel_for(
      "Weir::LinearGaussianEnergy::scale", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < dx; ++c) residual(c, i) *= by;
      });
  Kokkos::fence();
}

/// The slope by x is the residual; that by z is what came through the map, and z.
template <class T>
void LinearGaussianEnergy<T>::write_slope(const MatrixRef<const T>& v, const MatrixRef<T>& slope) const {
  const auto residual = residual_, z_slope = z_slope_;
  const Index dx = this->shape_.data, dz = this->shape_.latent;
  Kokkos::parallel_for(
      "Weir::LinearGaussianEnergy::slope", Range(0, Index(v.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < dx; ++c) slope(c, i) = residual(c, i);
        for (Index c = 0; c < dz; ++c) slope(dx + c, i) = v(dx + c, i) - z_slope(c, i);
      });
}

template <class T>
void LinearGaussianEnergy<T>::evaluate(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                                       const MatrixRef<T>& slope, const VectorRef<T>& energies) {
  find_residual(theta, v, energies);
  if (!slope.data()) return;
  const Index columns = Index(v.extent(1));
  scale_residual(inverse_variance_, columns);
  map_.vjp(theta, first_columns(residual_, columns), tape_, {}, first_columns(z_slope_, columns));
  write_slope(v, slope);
}

template <class T>
void LinearGaussianEnergy<T>::parameter_gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                                                 T weight, T, const VectorRef<T>& theta_bar,
                                                 const VectorRef<T>& energies) {
  find_residual(theta, v, energies);
  const Index columns = Index(v.extent(1));
  scale_residual(-weight * inverse_variance_, columns);
  map_.vjp(theta, first_columns(residual_, columns), tape_, theta_bar, {});
  if (!mean_) drop_mean(theta_bar);
}

template <class T>
void LinearGaussianEnergy<T>::drop_mean(const VectorRef<T>& theta_bar) const {
  Kokkos::parallel_for(
      "Weir::LinearGaussianEnergy::drop_mean", Range(map_.layers().front().bias, map_.parameters()),
      KOKKOS_LAMBDA(Index i) { theta_bar(i) = 0; });
}

template class LatentEnergy<float>;
template class LatentEnergy<double>;

}  // namespace weir
