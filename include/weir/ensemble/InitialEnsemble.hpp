// The ensemble a simulation starts from: drawn from a law, or read from a file.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/input/DataOptions.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

struct NormalOptions {
  static constexpr const char* key = "normal";
  static constexpr const char* doc = "normal law";
  VectorValue mean;
  MatrixValue covariance;
};
struct UniformOptions {
  static constexpr const char* key = "uniform";
  static constexpr const char* doc = "uniform law on a box";
  VectorValue low = Real(0), high = Real(1);
};
/// u(x, t) = t^-a (C - k |x|^2 t^(-2a/d))_+^(1/(m-1)), unit mass, as evenly placed points (see the source).
struct BarenblattOptions {
  static constexpr const char* key = "barenblatt";
  static constexpr const char* doc =
      "Barenblatt's solution of the porous medium equation, as evenly placed points";
  Real exponent = 2;
  Real time = 1;
};
struct FileEnsembleOptions : DataOptions {
  static constexpr const char* key = "file";
  static constexpr const char* doc = "rows of a file";
};

struct InitialOptions {
  std::optional<Index> particles, dimension;  ///< a file has its own
  std::variant<NormalOptions, UniformOptions, BarenblattOptions, FileEnsembleOptions> law;
  std::string where;
};
void describe(Section& section, NormalOptions& options);
void describe(Section& section, UniformOptions& options);
void describe(Section& section, BarenblattOptions& options);
void describe(Section& section, FileEnsembleOptions& options);
void describe(Section& section, InitialOptions& options);

struct EnsembleShape {
  Index particles, dimension;
};
/// Not collective, but every rank opens the file. Throws InputError where the options leave it open or
/// contradict.
EnsembleShape shape_of(const InitialOptions& options);

/// Closes the file that the ensemble comes from; it could be read again.
void close_files(const InitialOptions& options);

/// The same ensemble with at most so many particles; one from a file stays as it is.
InitialOptions smaller(InitialOptions options, Index particles);

/// Collective. `draw` numbers independent ensembles of one deck. Throws InputError.
Ensemble make_ensemble(const InitialOptions& options, const Communicator& comm, Index tile, Index seed,
                       Index draw = 0);

/// Radius R at which Barenblatt's solution ends at `time`, for unit mass.
Real barenblatt_radius(Real exponent, Index dimension, Real time);
/// E |x|^2 under it.
Real barenblatt_second_moment(Real exponent, Index dimension, Real time);

}  // namespace weir
