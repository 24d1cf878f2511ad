#include "methods/latent_ebm/EbmData.hpp"

namespace weir {

EbmData read_ebm_data(const LatentEbmOptions& options, const Communicator& comm, const RunOptions& run,
                      Index tile_rows) {
  EbmData data{make_data(options.data, options.split, comm, run, tile_rows), {}, {}, {}};
  close_files(options.data);
  const LatentEbmGenerateOptions& generate = options.generate;
  if (generate.reconstruct && generate.reconstruct->file)
    data.observed =
        rows_in_order(*generate.reconstruct->file, options.where + ".generate.reconstruct.file", comm, run)
            .rows;
  if (generate.from_latents)
    data.latents =
        rows_in_order(generate.from_latents->file, options.where + ".generate.from_latents.file", comm, run)
            .rows;
  if (options.likelihood && options.likelihood->file)
    data.scored = rows_in_order(*options.likelihood->file, options.where + ".likelihood.file", comm, run);
  return data;
}

}  // namespace weir
