#!/bin/bash
# A study as a Slurm array: each task is a shard, which it reads from SLURM_ARRAY_TASK_ID, _COUNT and _MIN.
#   sbatch --array=1-16 scripts/study/slurm-array.sh scenarios/studies/batch_settings.json results/batch_settings
# and, when they have all ended (or as a job with --dependency=afterok of the array):
#   podramp merge results/batch_settings --out results/batch_settings
# A task that is requeued goes on where its journal ends. Let a shard last tens of seconds at least: Slurm takes
# seconds to start one. PODRAMP names the binary if it is not in the path.
#SBATCH --job-name=podramp-study
#SBATCH --cpus-per-task=1
#SBATCH --requeue
set -eu
spec=$1
out=$2
exec "${PODRAMP:-podramp}" tune "$spec" --jobs "${SLURM_CPUS_PER_TASK:-1}" --out "$out"
