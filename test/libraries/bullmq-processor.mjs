/** What a process does that BullMQ starts for a job of its own accord. */
export default async function sum(job) {
  if (job.data.crash) process.exit(7);
  await job.updateProgress(50);
  return { pid: process.pid, sum: job.data.numbers.reduce((a, b) => a + b, 0) };
}
