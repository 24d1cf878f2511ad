#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"

#include <cmath>

#include "methods/generative/ModelFile.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

namespace {

/// The network at every particle, tile by tile, in double.
Ensemble through(const StoredNetwork& stored, const Ensemble& x) {
  const Mlp<Real> network(stored.shape);
  MlpTape<Real> tape(network, x.partition.tile_size(), Purpose::value);
  const Vector<Real> theta("Weir::Autoencoder::theta", stored.parameters.size());
  const auto host = Kokkos::create_mirror_view(theta);
  for (std::size_t i = 0; i < stored.parameters.size(); ++i) host(i) = stored.parameters[i];
  Kokkos::deep_copy(theta, host);
  Ensemble y(x.comm, x.particles(), stored.shape.outputs, x.partition.tile_size());
  const LocalTiles tiles = x.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    network.value(
        theta,
        MatrixRef<const Real>(&x.x(0, tile.first), std::size_t(x.components()), std::size_t(tile.count)),
        tape, MatrixRef<Real>(&y.x(0, tile.first), std::size_t(y.components()), std::size_t(tile.count)));
  }
  Kokkos::fence();
  return y;
}

/// factor x + shift, component by component.
Ensemble affine(const Ensemble& x, Real factor, const std::vector<Real>& shift) {
  Ensemble y(x.comm, x.particles(), x.components(), x.partition.tile_size());
  const Vector<Real> shifts("Weir::Autoencoder::shifts", shift.size());
  const auto host = Kokkos::create_mirror_view(shifts);
  for (std::size_t c = 0; c < shift.size(); ++c) host(c) = shift[c];
  Kokkos::deep_copy(shifts, host);
  const auto from = x.x, to = y.x;
  Kokkos::parallel_for(
      "Weir::Autoencoder::affine", Range(0, Index(from.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < Index(from.extent(0)); ++c) to(c, i) = factor * from(c, i) + shifts(c);
      });
  Kokkos::fence();
  return y;
}

std::vector<Real> times(Real factor, std::vector<Real> values) {
  for (Real& value : values) value *= factor;
  return values;
}

}  // namespace

Autoencoder::Autoencoder(Index components) : latent_(components), latent_mean_(std::size_t(components), 0) {
  middle_.assign(std::size_t(components), 0);
}

Autoencoder::Autoencoder(PrincipalComponents principal)
    : kind_("linear"),
      latent_(principal.kept()),
      principal_(std::move(principal)),
      latent_mean_(std::size_t(latent_), 0) {}

Autoencoder::Autoencoder(std::vector<Real> middle, Real scale, StoredNetwork encoder, StoredNetwork decoder)
    : kind_("network"),
      latent_(encoder.shape.outputs),
      middle_(std::move(middle)),
      scale_(scale),
      encoder_(std::move(encoder)),
      decoder_(std::move(decoder)),
      latent_mean_(std::size_t(latent_), 0) {}

Index Autoencoder::data_components() const {
  return kind_ == "linear" ? principal_.components() : Index(middle_.size());
}

void Autoencoder::standardise(const Ensemble& rows) {
  latent_mean_.assign(std::size_t(latent_), 0);
  latent_deviation_ = 1;
  const Ensemble latents = encode(rows);
  Moments moments(latents.comm, latents.partition, latent_);
  const Real variance = moments.mean_variance(latents.x);
  if (!(variance > 0))
    throw RunError("all rows of the data have the same latents: nothing can be learned of them");
  latent_deviation_ = std::sqrt(variance);
  latent_mean_ = moments.last_mean();
}

Ensemble Autoencoder::encode(const Ensemble& x) const {
  Ensemble z = x;
  if (kind_ == "linear") {
    z = Ensemble(x.comm, x.particles(), latent_, x.partition.tile_size());
    Kokkos::deep_copy(z.x, scores_of(principal_, x.x));
  } else if (kind_ == "network") {
    z = through(encoder_, affine(x, 1 / scale_, times(-1 / scale_, middle_)));
  }
  return affine(z, 1 / latent_deviation_, times(-1 / latent_deviation_, latent_mean_));
}

Ensemble Autoencoder::decode(const Ensemble& latents) const {
  const Ensemble z = affine(latents, latent_deviation_, latent_mean_);
  if (kind_ == "identity") return z;
  if (kind_ == "network") return affine(through(decoder_, z), scale_, middle_);
  Ensemble x(z.comm, z.particles(), principal_.components(), z.partition.tile_size());
  Kokkos::deep_copy(x.x, from_scores(principal_, z.x));
  return x;
}

void Autoencoder::save(Hdf5File& file, const std::string& group) const {
  file.write_strings(group + "/kind", {kind_});
  if (kind_ == "linear") {
    file.write(group + "/mean", principal_.mean, {principal_.components()});
    file.write(group + "/variances", principal_.variances, {latent_});
    file.write(group + "/vectors", principal_.vectors, {latent_, principal_.components()});
  } else {
    file.write(group + "/middle", middle_, {Index(middle_.size())});
    file.write(group + "/scale", {scale_}, {1});
  }
  if (kind_ == "network") {
    write_network(file, group + "/encoder", encoder_);
    write_network(file, group + "/decoder", decoder_);
  }
  file.write(group + "/latent_mean", latent_mean_, {latent_});
  file.write(group + "/latent_deviation", {latent_deviation_}, {1});
}

Autoencoder Autoencoder::read(const Hdf5File& file, const std::string& group, const std::string& where) {
  if (!file.has(group + "/kind"))
    throw InputError(where, fmt::format("{} holds no autoencoder; give the networks.h5 of a run of "
                                        "schroedinger_bridge with one",
                                        file.path()));
  const std::string kind = file.read_strings(group + "/kind").at(0);
  Autoencoder read = [&] {
    if (kind == "linear")
      return Autoencoder(PrincipalComponents{file.read(group + "/mean"), file.read(group + "/variances"),
                                             file.read(group + "/vectors"), 0});
    const auto middle = file.read(group + "/middle");
    if (kind == "identity") return Autoencoder(Index(middle.size()));
    return Autoencoder(middle, file.read(group + "/scale").at(0),
                       read_network(file, group + "/encoder", where),
                       read_network(file, group + "/decoder", where));
  }();
  read.latent_mean_ = file.read(group + "/latent_mean");
  read.latent_deviation_ = file.read(group + "/latent_deviation").at(0);
  return read;
}

Autoencoder read_autoencoder(const AutoencoderOptions& options, const Communicator& comm) {
  const auto& read = std::get<ReadAutoencoderOptions>(options.kind);
  const std::string where = options.where + ".model.path";
  return read_model_file(read.path, comm, where, [&](const Hdf5File& file) {
    return Autoencoder::read(file, "/autoencoder", where);
  });
}

}  // namespace weir
