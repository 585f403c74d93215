using Kl3m.Trainer.Training;

namespace Kl3m.Inference.Tests.Trainer;

public sealed class TrainingLoopTests
{
    [Theory, InlineData("muon"), InlineData("adamw")]
    public void A_tiny_model_learns_its_sentence(string optimizer)
    {
        using var run = new TinyRun();
        run.Train(TinyRun.Options with { Optimizer = optimizer });
        var losses = TrainingLog.Read(run.Folder).Select(entry => entry.Loss).ToList();
        Assert.Equal(TinyRun.Steps, losses.Count);
        Assert.InRange(losses[0], 5.3, 6); // ln 281 = 5.64: nothing known yet
        Assert.InRange(losses[^1], 0, 2.5);
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_seed_gives_others()
    {
        using var one = new TinyRun();
        using var two = new TinyRun();
        using var other = new TinyRun();
        one.Train();
        two.Train();
        other.Train(TinyRun.Options with { Seed = 2 });
        Assert.Equal(one.WeightBytes(), two.WeightBytes());
        Assert.NotEqual(one.WeightBytes(), other.WeightBytes());
    }

    [Fact]
    public void Threads_change_nothing()
    {
        using var one = new TinyRun();
        using var two = new TinyRun();
        one.Train(budget: new(4, 0, null, 0, 1, Threads: 1));
        two.Train(budget: new(4, 0, null, 0, 1, Threads: 2));
        Assert.Equal(one.WeightBytes(), two.WeightBytes());
    }

    [Fact]
    public void A_killed_run_goes_on_from_its_last_checkpoint_to_the_same_weights()
    {
        using var whole = new TinyRun();
        whole.Train();
        using var killed = new TinyRun();
        Assert.Throws<OperationCanceledException>(() => killed.Train(print: line =>
        {
            if (line.StartsWith("step 20 ", StringComparison.Ordinal))
            {
                throw new OperationCanceledException("killed");
            }
        }));
        // A kill while a checkpoint is written leaves a piece of one.
        Directory.CreateDirectory(Path.Combine(killed.Folder, "partial"));
        File.WriteAllText(Path.Combine(killed.Folder, "partial", "weights.safetensors"), "cut sho");
        var at = RunState.Load(RunState.Newest(killed.Folder)!).Step;
        Assert.InRange(at, 1, 19);

        killed.Train();

        Assert.Equal(whole.WeightBytes(), killed.WeightBytes());
        Assert.Equal(
            TrainingLog.Read(whole.Folder).Select(entry => (entry.Step, entry.Loss)),
            TrainingLog.Read(killed.Folder).Select(entry => (entry.Step, entry.Loss)));
    }

    [Fact]
    public void By_the_clock_the_decay_takes_the_last_minutes_and_the_run_ends()
    {
        using var run = new TinyRun();
        var state = run.Train(budget: new(null, 0, Minutes: 3, DecayMinutes: 1, CheckpointMinutes: 10, Threads: 1));
        Assert.Equal(state.Schedule.End, state.Step);
        Assert.InRange(state.Schedule.DecayFrom!.Value, 5, state.Step - 2);
        Assert.InRange(TrainingLog.Read(run.Folder).Last().Rate, 0, 0.2);
    }

    [Fact]
    public void A_checkpoint_replaces_the_one_before_it()
    {
        using var run = new TinyRun();
        run.Train();
        Assert.Equal($"step-{TinyRun.Steps:D7}", Path.GetFileName(Assert.Single(Directory.GetDirectories(run.Folder))));
    }
}
