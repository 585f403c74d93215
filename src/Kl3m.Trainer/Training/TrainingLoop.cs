using Kl3m.Inference.Models;
using Kl3m.Trainer.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>How long to train now, and how to end: by steps, or by the clock.</summary>
/// <param name="Steps">All steps of the run, decay included; null leaves the end to the clock.</param>
/// <param name="DecaySteps">The last of them, in which the learning rate falls to zero.</param>
/// <param name="Minutes">From now on; the decay then takes the last <paramref name="DecayMinutes"/> of them.</param>
internal sealed record TrainingBudget(
    int? Steps, int DecaySteps, double? Minutes, double DecayMinutes, double CheckpointMinutes, int Threads);

/// <summary>Trains from where the run's folder stands until the budget is spent or somebody stops it.</summary>
internal sealed class TrainingLoop(
    string run,
    string? checkpoint,
    GptNeoXConfig config,
    RunState begin,
    WindowOrder windows,
    TrainingBudget budget,
    Device device,
    TimeProvider time,
    Action<string> print)
{
    private readonly TrainingOptions options = begin.Options;
    private readonly long started = time.GetTimestamp();

    /// <returns>The state reached, which is also the newest checkpoint.</returns>
    public RunState Run(CancellationToken stop)
    {
        var weights = InitialWeights.Draw(config, options.Seed, device);
        var optimizer = new Optimizer(options, weights);
        if (checkpoint is not null)
        {
            RunState.Restore(checkpoint, weights, optimizer);
        }
        var compute = options.Dtype == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        using var gradients = new Gradients(config, weights, compute, options.Parts, budget.Threads);
        using var log = new TrainingLog(run, begin.Step);
        var progress = new Progress(options.BatchTokens, print);
        var state = begin with { Schedule = WithEnd(begin.Schedule) };
        var saved = time.GetTimestamp();
        while (state.Step < (state.Schedule.End ?? int.MaxValue) && !stop.IsCancellationRequested)
        {
            var from = time.GetTimestamp();
            var schedule = state.Schedule.DecayFrom is null && DecayIsDue(progress) ? DecayFromNow(state, progress) : state.Schedule;
            var factor = schedule.Factor(state.Step);
            using var ids = Batch(state.Step, schedule.Decays(state.Step) ? options.Context : options.Window);
            var (loss, byName) = gradients.Compute(ids);
            optimizer.Step(byName, factor, state.Step, budget.Threads);
            foreach (var gradient in byName.Values)
            {
                gradient.Dispose();
            }
            var seconds = time.GetElapsedTime(from).TotalSeconds;
            state = state with { Schedule = schedule, Step = state.Step + 1, Seconds = state.Seconds + seconds };
            log.Write(new(state.Step, (long)state.Step * options.BatchTokens, loss, factor, state.Seconds));
            progress.Add(state, loss, factor, seconds, Left(state, progress));
            if (time.GetElapsedTime(saved).TotalMinutes >= budget.CheckpointMinutes)
            {
                state.Save(run, weights, optimizer);
                saved = time.GetTimestamp();
            }
        }
        state.Save(run, weights, optimizer);
        return state;
    }

    /// <summary>[B, length + 1] ids: the step's windows, cut into rows of the length that the phase asks for.</summary>
    private Tensor Batch(int step, int length)
    {
        var ids = new long[options.Batch * (options.Context + 1)];
        for (var i = 0; i < options.Batch; i++)
        {
            windows.Copy((long)step * options.Batch + i, ids.AsSpan(i * (options.Context + 1), options.Context + 1));
        }
        using var whole = tensor(ids, [options.Batch, options.Context + 1]);
        using var rows = whole.unfold(1, length + 1, length);
        return rows.reshape(-1, length + 1).to(device);
    }

    private LearningRateSchedule WithEnd(LearningRateSchedule schedule) => budget.Steps is { } steps
        ? schedule with { DecayFrom = Math.Max(0, steps - budget.DecaySteps), DecaySteps = Math.Min(steps, budget.DecaySteps) }
        : schedule;

    private double MinutesLeft => (budget.Minutes ?? double.PositiveInfinity) - time.GetElapsedTime(started).TotalMinutes;

    private bool DecayIsDue(Progress progress) => MinutesLeft <= budget.DecayMinutes && progress.SecondsPerStep > 0;

    private LearningRateSchedule DecayFromNow(RunState state, Progress progress)
    {
        var steps = Math.Max(1, (int)(Math.Max(0, MinutesLeft) * 60 / progress.SecondsPerStep));
        print($"The decay begins: {steps} steps from step {state.Step} on.");
        return state.Schedule with { DecayFrom = state.Step, DecaySteps = steps };
    }

    private TimeSpan? Left(RunState state, Progress progress) =>
        state.Schedule.End is { } end ? TimeSpan.FromSeconds((end - state.Step) * progress.SecondsPerStep)
        : budget.Minutes is null ? null : TimeSpan.FromMinutes(MinutesLeft);
}
