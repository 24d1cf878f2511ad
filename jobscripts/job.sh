# What the job scripts share. Sourced, not run.

# Slurm runs a copy of the script from its spool folder: this is where the original stands.
jobscripts=$(dirname "$(scontrol show job "$SLURM_JOB_ID" | sed -n 's/^ *Command=\([^ ]*\).*/\1/p' | head -n 1)")
source "$jobscripts/environment.sh"

# launch RANKS WORDS..: becomes the launcher of that many ranks (0: all of the job's). In a subshell or in the background.
launch() {
  local ranks=$1
  shift
  local nodes=1-$SLURM_NNODES
  ((ranks > 0)) || { ranks=$SLURM_NTASKS nodes=$SLURM_NNODES; }
  # shellcheck disable=SC2086  # flags are several words
  if [[ $WEIR_LAUNCHER == srun ]]; then
    exec srun $WEIR_SRUN_FLAGS --ntasks="$ranks" --nodes="$nodes" --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" "$@"
  else
    exec "$WEIR_LAUNCHER" -n "$ranks" $WEIR_MPIRUN_FLAGS "$@"
  fi
}

# run_until_done DECK [options]: runs the deck from its newest checkpoint, or from the beginning. The signal that announces
# the end of the job is passed on; the run saves itself and leaves with 85; the job goes back into the queue.
run_until_done() {
  local passed_on=0 code=0
  launch 0 "$WEIR" "$@" --restart &
  local launcher=$!
  trap 'passed_on=1; kill -USR1 "$launcher" 2>/dev/null' USR1 TERM
  while :; do
    passed_on=0
    wait "$launcher"
    code=$?
    ((passed_on)) || break # a signal ends `wait` as well
  done
  ((code == 85)) || return "$code"
  if ((${SLURM_RESTART_COUNT:-0} >= ${WEIR_MOST_REQUEUES:-1000})); then
    echo "requeued ${SLURM_RESTART_COUNT} times already: this job ends here; submitted again, it goes on"
    return 85
  fi
  echo "stopped with a checkpoint: back into the queue"
  # An array's task is named by the array's number and its own.
  local job=$SLURM_JOB_ID
  [[ -z ${SLURM_ARRAY_JOB_ID:-} ]] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
  scontrol requeue "$job" || return 85
  sleep 600 # Slurm ends this script before it starts it again
}
