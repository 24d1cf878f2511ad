// The energy E_theta(v) of data and latents, v = (x, z), with its gradients, tile by tile.
//
//     network            E = f_theta(v) + a |x|^2 / 2 + b |z|^2 / 2
//     linear_gaussian    E = |x - W z - m|^2 / (2 s^2) + |z|^2 / 2
//
// T is the precision of the run. Nothing here is collective, and no method allocates. Matrices are components
// x columns, at most `most_columns` of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

struct EnergyShape {
  Index data, latent;
  Index components() const { return data + latent; }
};

/// The network that carries the parameters: f, or the map z -> W z + m.
MlpShape network_shape(const LatentEnergyOptions& options, const EnergyShape& shape);

/// The parameters at the start. Of `network`: weights normal with deviation first_layer_scale / sqrt(fan-in)
/// in the first layer, 1.3 / sqrt(fan-in) in the next, .1 / sqrt(fan-in) in the last; biases of deviation .7
/// in the first and .1 later. Of `linear_gaussian`: W normal with deviation 1 / sqrt(components of z), m = 0.
void initialise_energy(const LatentEnergyOptions& options, const EnergyShape& shape, Index seed,
                       const VectorRef<Real>& theta);

template <class T>
class LatentEnergy {
 public:
  LatentEnergy(const LatentEnergyOptions& options, const EnergyShape& shape, Index most_columns);
  virtual ~LatentEnergy() = default;

  static std::unique_ptr<LatentEnergy> make(const LatentEnergyOptions& options, const EnergyShape& shape,
                                            Index most_columns);

  const EnergyShape& shape() const { return shape_; }
  Index most_columns() const { return most_columns_; }
  virtual Index parameters() const = 0;

  /// energies(i) = E(v_i), and slope = grad_v E where it is not empty.
  virtual void evaluate(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                        const MatrixRef<T>& slope, const VectorRef<T>& energies) = 0;
  /// theta_bar = sum_i (weight + penalty f(v_i)) grad_theta E(v_i), overwritten, and energies as above. f:
  /// the network's value; a linear-Gaussian energy takes no penalty.
  virtual void parameter_gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& v, T weight,
                                  T penalty, const VectorRef<T>& theta_bar, const VectorRef<T>& energies) = 0;

 protected:
  EnergyShape shape_;
  Index most_columns_;
};

/// f + confinement.
template <class T>
class NetworkEnergy : public LatentEnergy<T> {
 public:
  NetworkEnergy(const LatentEnergyOptions& options, const EnergyShape& shape, Index most_columns);
  Index parameters() const override { return network_.parameters(); }
  void evaluate(const VectorRef<const T>& theta, const MatrixRef<const T>& v, const MatrixRef<T>& slope,
                const VectorRef<T>& energies) override;
  void parameter_gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& v, T weight, T penalty,
                          const VectorRef<T>& theta_bar, const VectorRef<T>& energies) override;

  // Kernels, which nvcc takes in public functions only.
  void add_confinement(const MatrixRef<const T>& v, const MatrixRef<const T>& values,
                       const MatrixRef<T>& slope, const VectorRef<T>& energies) const;
  void weigh(T weight, T penalty, Index columns) const;

 private:
  Mlp<T> network_;
  MlpTape<T> tape_;
  T data_, latent_;
  Matrix<T> values_, weights_;
};

template <class T>
class LinearGaussianEnergy : public LatentEnergy<T> {
 public:
  LinearGaussianEnergy(const LatentEnergyOptions& options, const EnergyShape& shape, Index most_columns);
  Index parameters() const override { return map_.parameters(); }
  void evaluate(const VectorRef<const T>& theta, const MatrixRef<const T>& v, const MatrixRef<T>& slope,
                const VectorRef<T>& energies) override;
  void parameter_gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& v, T weight, T penalty,
                          const VectorRef<T>& theta_bar, const VectorRef<T>& energies) override;

  // Kernels, which nvcc takes in public functions only.
  void find_residual(const VectorRef<const T>& theta, const MatrixRef<const T>& v,
                     const VectorRef<T>& energies);
  void write_slope(const MatrixRef<const T>& v, const MatrixRef<T>& slope) const;
  void scale_residual(T by, Index columns) const;
  void drop_mean(const VectorRef<T>& theta_bar) const;

 private:
  Mlp<T> map_;
  MlpTape<T> tape_;
  T inverse_variance_;
  bool mean_;
  Matrix<T> z_, residual_, z_slope_;
};

extern template class LatentEnergy<float>;
extern template class LatentEnergy<double>;

}  // namespace weir
