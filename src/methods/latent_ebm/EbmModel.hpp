// A trained latent-variable energy-based model: all that using it takes.
//
// networks.h5 (and the same groups below /ebm in checkpoints of later stages):
//
//     /networks/energy, /networks/energy_last   the averaged and the last parameters
//     /pool                                     particles (x, z)
//     /restart_centres, /restart_bandwidth      rows that restarts are proposed about, and how far from them
//     /standardisation/..                       how columns were standardised
//     /movers/latents, /movers/negatives        `rule`, and the steps that it arrived at
//     /shape                                    components of x and of z
//     /energy, /data_noise                      kind, confinement and noise; deviation of noise on the data
//     /columns                                  names of the columns, where the data have some
//     /deck (networks.h5)                       lines of the resolved deck: data, split, seed and all options
#pragma once

#include <string>
#include <vector>

#include "methods/generative/Standardisation.hpp"
#include "methods/latent_ebm/LatentEnergy.hpp"
#include "methods/latent_ebm/PoolRestart.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

struct EbmModel {
  EnergyShape shape{};
  StoredNetwork energy, energy_last;
  Standardisation standardisation;
  Ensemble pool;
  RestartLaw restart;  ///< without centres where the training had no metropolised restarts
  RuleOptions latent_mover, negative_mover;  ///< with the steps that the training arrived at, which stay
  Real data_noise = 0;
  LatentEnergyOptions options;  ///< of the energy
  std::vector<std::string> columns;

  /// The mover of chains in which x, z or both are free: that of the pool, or of the latents where x is
  /// given.
  RuleOptions mover(bool free_data, bool free_latents) const;

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  /// Collective: on any number of ranks. Throws InputError (key `where`) where the file has no such model.
  static EbmModel read(const Hdf5File& file, const std::string& group, const Communicator& comm, Index tile,
                       const std::string& where);
};

/// A mover with its steps as they were adapted, `factor` times those of the deck, and for the energy over the
/// temperature that it was trained at, which takes `temperature` times the step.
RuleOptions frozen_rule(const ParticleRuleChoice& choice, Real factor, Real temperature);

}  // namespace weir
