using Kl3m.Inference;
using Kl3m.Playground.Lessons;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Lessons;

public sealed class CheckTests
{
    [Fact]
    public async Task Every_measure_that_lessons_may_name_can_be_taken()
    {
        var first = await RunAsync(new() { MaxTokens = 12, Sequences = 2, Seed = 1 });
        var second = await RunAsync(new() { MaxTokens = 12, Sequences = 2, Seed = 1, Temperature = 0.5f });
        var bench = new Bench([first, second], "The", 3, second.Find(new(0, 2)), [1.5, 2.5]);
        Assert.All(Bench.Names.Keys, name => Assert.NotNull(bench.Measure(name)));
        Assert.Equal(1.0, bench.Measure("bits_per_byte_gap"));
        Assert.Equal(0.5, bench.Measure("temperature"));
        Assert.Equal(2.0, bench.Measure("different_temperatures"));
        Assert.Equal(2.0, bench.Measure("runs_alike"));
        Assert.Equal(12.0, bench.Measure("common_start"));
    }

    [Fact]
    public void Without_anything_done_checks_say_what_to_do_first()
    {
        var bench = new Bench([], "", null, null, []);
        foreach (var name in Bench.Names.Keys.Except(["runs", "prompt_letters"]))
        {
            var result = CheckWords.Judge(new MeasureCheck([new(name, 0, 1)]), bench, null);
            Assert.False(result.Passed);
            Assert.EndsWith(".", result.Sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_bound_that_does_not_hold_is_said_with_both_numbers()
    {
        var bench = new Bench([await RunAsync(new() { MaxTokens = 4, Temperature = 0.7f })], "", null, null, []);
        var result = CheckWords.Judge(new MeasureCheck([new("temperature", AtMost: 0)]), bench, null);
        Assert.Equal("Not yet: the run's temperature is 0.7, and should be at most 0.", result.Sentence);
        Assert.True(CheckWords.Judge(new MeasureCheck([new("temperature", 0.7, 0.7)]), bench, null).Passed);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0.0, false)]
    [InlineData(1.0, true)]
    public void One_answer_is_right(double? given, bool passed) =>
        Assert.Equal(passed, CheckWords.Judge(new AnswerCheck("Which?", ["a", "b"], 1), new([], "", null, null, []), given).Passed);

    [Theory]
    [InlineData(2.45, true)]
    [InlineData(2.6, true)]
    [InlineData(2.61, false)]
    public void A_number_may_be_off_by_so_much(double given, bool passed) =>
        Assert.Equal(passed, CheckWords.Judge(new NumberCheck("How many?", 2.5, 0.1), new([], "", null, null, []), given).Passed);

    private static async Task<Run> RunAsync(SamplingParams sampling)
    {
        var generator = new FakeTextGenerator();
        var request = new GenerationRequest { Prompt = "The ", Sampling = sampling };
        var run = new Run(request, generator.Model, TimeProvider.System);
        await foreach (var happened in generator.GenerateAsync(request))
        {
            run.Record(happened);
        }
        return run;
    }
}
