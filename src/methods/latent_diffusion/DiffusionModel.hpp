// A trained latent diffusion model: all that using it takes.
//
// networks.h5 (and the same groups below /model in checkpoints of later stages):
//
//     /networks/decoder, /networks/decoder_last   averaged and last parameters; of a network of images its
//                                                 `parameters`, and `image`: height, width, colours, residual
//                                                 blocks, activation (place in the list), channels ..;
//                                                 `sizes`: components of a latent and of a row
//     /networks/prior, /networks/prior_last       the same, where the prior is a diffusion
//     /mixture/weights, means, inverse_roots      where it is a mixture: of component c, rows m_c and A_c
//     with
//                                                 A_c S_c A_c' = I, lower triangular
//     /latents/mean, /latents/deviation           what latents are standardised by before the score
//     /likelihood                                 1: gaussian, 2: bernoulli; s
//     /prior_options                              mixed (0, 1); schedule: 1 vp, 2 cosine, 3 ve, 0 none
//     /columns                                    names of the columns
//     /deck (networks.h5)                         lines of the resolved deck: data, split, seed and options
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

/// Collective: as networks/NetworkFile, of any decoder; what is read changes options.map.
void write_decoder(Hdf5File& file, const std::string& group, const StoredNetwork& network,
                   const DecoderOptions& options);
StoredNetwork read_decoder(const Hdf5File& file, const std::string& group, DecoderOptions& options,
                           const std::string& where);

struct LatentMixture {
  std::vector<Real> weights, means, inverse_roots;
};

struct DiffusionModel {
  StoredNetwork decoder, decoder_last;
  std::optional<StoredNetwork> prior, prior_last;
  std::vector<Real> mean, deviation;
  Real noise = 1;
  DecoderOptions decoder_options;
  std::optional<DiffusionPriorOptions> prior_options;
  std::optional<LatentMixture> mixture;
  std::vector<std::string> columns;

  Index latent() const { return decoder.shape.inputs; }
  Index data() const { return decoder.shape.outputs; }

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  /// Collective. Throws InputError (key `where`) where the file has no such model.
  static DiffusionModel read(const Hdf5File& file, const std::string& group, const std::string& where);
};

}  // namespace weir
