using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Components.Lab;

public sealed class LabStateTests : IDisposable
{
    private readonly BackendCatalogue catalogue = new();
    private readonly LogitsMemory memory = new(Options.Create(new RunOptions()));
    private readonly RunStore runs;
    private readonly LabState lab;

    public LabStateTests()
    {
        runs = new(memory, TimeProvider.System);
        lab = new(new ChosenModel(catalogue), runs, TimeProvider.System, NullLogger<LabState>.Instance);
    }

    public void Dispose()
    {
        lab.Dispose();
        runs.Dispose();
    }

    private async Task<(Run Run, RecordingGenerator Generator)> WriteAsync(bool withoutLogits = false)
    {
        var generator = new RecordingGenerator { WithoutLogits = withoutLogits };
        catalogue.Ready(generator);
        var settings = new SamplingParams { Sequences = 2, MaxTokens = 20, Temperature = 0.7f, TopP = 0.9f, Seed = 11 };
        return (await generator.WriteAsync(runs, new() { Prompt = "Governing Law. ", Sampling = settings }), generator);
    }

    [Fact]
    public async Task A_token_opens_with_the_settings_and_the_dart_that_it_was_drawn_with()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(1, 7));
        Assert.True(lab.IsAsTheRun);
        Assert.False(lab.IsRecomputed);
        Assert.Equal(run.Find(new(1, 7))!.Trace.U, lab.Strip!.Draw.Trace.U);
        Assert.Equal(run.Find(new(1, 7))!.Score.TokenId, lab.Strip.Traced);
        Assert.Equal(15 + 7, lab.Strip.Place.Tokens.Length);
        Assert.Single(generator.Requests);
    }

    [Fact]
    public async Task Tokens_on_the_bench_keep_their_names_when_their_model_is_unloaded()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(1, 7));
        catalogue.Remove(generator);
        var named = lab.Strip!.Traced;
        Assert.Equal(generator.Describe(named).Bytes, lab.Writer!.Describe(named).Bytes);
        // A run of a model that never was here has no names, least of all another's.
        await lab.OpenAsync(new Run(run.Request, run.Model with { Id = "elsewhere" }, TimeProvider.System), new(0, 0));
        Assert.Null(lab.Writer);
    }

    [Fact]
    public async Task A_prompt_that_is_not_read_is_not_laid_to_the_settings()
    {
        var (run, _) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 3));
        await lab.ReadPromptAsync(new('x', 2000));
        Assert.NotNull(lab.Notice);
        Assert.NotNull(lab.Strip);
        Assert.False(lab.IsOfSettings);
        await lab.ChangeAsync(now => now with { TopP = 7 });
        await lab.ReadPromptAsync("short");
        Assert.StartsWith("Top-p", lab.Notice, StringComparison.Ordinal);
        Assert.True(lab.IsOfSettings);
    }

    [Fact]
    public async Task Sliders_recompute_without_a_forward_pass_and_never_touch_the_run()
    {
        var (run, generator) = await WriteAsync();
        var (request, version) = (run.Request, run.Version);
        await lab.OpenAsync(run, new(0, 3));
        foreach (var k in new[] { 1, 5, 9, 3 })
        {
            await lab.ChangeAsync(now => now with { TopK = k, TopP = 1 });
            Assert.Equal(k, lab.Strip!.Final.TokenIds.Count);
        }
        Assert.False(lab.IsAsTheRun);
        Assert.Same(request, run.Request);
        Assert.Equal(version, run.Version);
        Assert.Single(generator.Requests);
        await lab.ResetAsync();
        Assert.True(lab.IsAsTheRun);
        Assert.Equal(0.9f, lab.Strip!.Settings.TopP);
    }

    [Fact]
    public async Task A_burst_of_slider_moves_ends_at_the_last_one()
    {
        var (run, _) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 3));
        await Task.WhenAll(Enumerable.Range(1, 40).Select(k => lab.ChangeAsync(now => now with { TopK = k, TopP = 1 })));
        Assert.Equal(40, lab.Strip!.Settings.TopK);
    }

    [Fact]
    public async Task A_wrong_setting_stands_at_its_field_and_the_last_strip_stays()
    {
        var (run, _) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 3));
        var strip = lab.Strip;
        await lab.ChangeAsync(now => now with { TopP = 7 });
        Assert.Equal(nameof(SamplingParams.TopP), Assert.Single(lab.Problems).Field);
        Assert.Same(strip, lab.Strip);
        await lab.ChangeAsync(now => now with { TopP = 0.5f });
        Assert.Equal(0.5f, lab.Strip!.Settings.TopP);
    }

    [Fact]
    public async Task Positions_are_walked_with_changed_settings_kept_and_own_ones_followed()
    {
        var (run, _) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 3));
        await lab.MoveAsync(1);
        Assert.Equal(4, lab.Place!.Position);
        await lab.ChangeAsync(now => now with { TopK = 4 });
        await lab.MoveAsync(-1);
        Assert.Equal((3, 4), (lab.Place!.Position, lab.Settings.TopK));
        Assert.Equal(run.Find(new(0, 3))!.Score.TokenId, lab.Strip!.Place.Taken);
        await lab.GoAsync(new(0, 0));
        await lab.MoveAsync(-1);
        Assert.Equal(0, lab.Place!.Position);
    }

    [Fact]
    public async Task Behind_the_last_token_the_model_writes_one_more_and_the_run_stays()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(1, 19));
        await lab.ChangeAsync(now => now with { TopK = 3 });
        await lab.MoveAsync(1);
        Assert.Equal(20, lab.Place!.Position);
        Assert.Equal(20, run.Sequences[1].Tokens.Count);
        Assert.Equal(21, lab.Run!.Sequences[1].Tokens.Count);
        var asked = generator.Requests[^1];
        Assert.Equal((1, 3, 11UL, 20), (asked.FirstSequence, asked.Sampling.TopK, asked.Sampling.Seed, asked.CompletionTokenIds.Count));
    }

    [Fact]
    public async Task A_prompt_of_ones_own_needs_no_run()
    {
        catalogue.Ready(new RecordingGenerator());
        await lab.ReadPromptAsync("");
        Assert.NotNull(lab.Notice);
        await lab.ReadPromptAsync("The parties ");
        Assert.Null(lab.Notice);
        Assert.Equal(12, lab.Strip!.Place.Tokens.Length);
        Assert.Equal(lab.Run!.Find(lab.Place)!.Score.TokenId, lab.Strip.Place.Taken);
    }

    [Fact]
    public async Task A_model_without_logits_says_what_cannot_be_shown()
    {
        var (run, _) = await WriteAsync(withoutLogits: true);
        await lab.OpenAsync(run, new(0, 3));
        Assert.Null(lab.Strip);
        Assert.Contains("hands out no logits", lab.Notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_dropped_is_worked_out_again_and_the_page_says_so()
    {
        var (run, _) = await WriteAsync();
        memory.Release(run.OwnRows);
        await lab.OpenAsync(run, new(0, 3));
        Assert.True(lab.IsRecomputed);
        Assert.NotNull(lab.Strip);
    }

    [Fact]
    public async Task Draws_are_of_the_distribution_on_the_bench_and_go_when_it_changes()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 3));
        lab.DrawMany();
        Assert.Equal(LabState.DrawsAtOnce, lab.Draws!.Counts.Values.Sum());
        Assert.All(lab.Draws.Counts.Keys, id => Assert.Contains(id, lab.Strip!.Final.TokenIds));
        await lab.TraceAsync(lab.Strip!.Tokens[3].TokenId);
        Assert.NotNull(lab.Draws);
        await lab.ChangeAsync(now => now with { Temperature = 1.3f });
        Assert.Null(lab.Draws);
        Assert.Single(generator.Requests);
    }

    [Fact]
    public async Task Futures_are_a_counted_tree_of_whole_continuations_from_here()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(0, 5));
        await lab.WriteFuturesAsync(32, 12);
        Assert.Equal(32, lab.Futures!.Count);
        Assert.All(lab.Futures.Leaves, leaf => Assert.Equal(12, leaf.Tokens.Count));
        var asked = generator.Requests[^1];
        Assert.Equal((15, 5), (asked.PromptTokenIds!.Count, asked.CompletionTokenIds.Count));
        Assert.Same(run, Assert.Single(runs.Recent));
    }

    [Fact]
    public async Task A_link_carries_a_position_and_what_is_tried_on_it_to_a_fresh_bench()
    {
        var (run, generator) = await WriteAsync();
        await lab.OpenAsync(run, new(1, 7));
        await lab.ChangeAsync(now => now with { Temperature = 1.3f, TopK = 5 });
        var address = (await lab.LinkAsync())!.Address;

        using var fresh = new LabState(new ChosenModel(catalogue), runs, TimeProvider.System, NullLogger<LabState>.Instance);
        var (link, problems) = PageLink.Read(LabState.Address, address);
        Assert.Empty(problems);
        await fresh.TakeAsync(link!);
        Assert.Empty(fresh.Refused);
        Assert.Equal(lab.Strip!.Place.Tokens, fresh.Strip!.Place.Tokens);
        Assert.Equal((lab.Strip.Place.U, lab.Strip.Place.Taken, lab.Strip.Place.PromptLength), (fresh.Strip.Place.U, fresh.Strip.Place.Taken, fresh.Strip.Place.PromptLength));
        Assert.Equal((1.3f, 5, 0.9f), (fresh.Settings.Temperature, fresh.Settings.TopK, fresh.Settings.TopP));
        Assert.Equal((0.7f, 11ul), (fresh.RunSettings.Temperature, fresh.Run!.Seed));
        Assert.Equal(address, (await fresh.LinkAsync())!.Address);
        Assert.Equal(run.Sequences[1].Tokens.Take(8).Select(token => token.Text), fresh.Run.Sequences[0].Tokens.Select(token => token.Text));
        Assert.Equal(3, generator.Requests.Count);
    }

    [Fact]
    public async Task A_link_waits_for_the_model()
    {
        lab.Open("http://localhost/lab#prompt=Governing&temperature=0.4&seed=9");
        Assert.Null(lab.Run);
        Assert.Equal("Governing", lab.Prompt);
        catalogue.Ready(new RecordingGenerator());
        lab.ModelChanged();
        await TestWait.UntilAsync(() => lab.Strip is not null);
        Assert.Equal((0.4f, 9ul), (lab.Settings.Temperature, lab.Run!.Seed));
    }

    [Fact]
    public async Task A_link_about_another_models_tokens_is_refused_with_its_name()
    {
        var (_, generator) = await WriteAsync();
        var asked = generator.Requests.Count;
        lab.Open("lab#prompt=x&written=12,13&model=someone/else");
        Assert.Contains("someone/else, which is not loaded here", Assert.Single(lab.Refused), StringComparison.Ordinal);
        Assert.Equal((null, "x", asked), (lab.Run, lab.Prompt, generator.Requests.Count));
    }

    [Fact]
    public async Task Settings_of_a_link_that_cannot_be_drawn_with_are_told_and_the_bench_stands()
    {
        await WriteAsync();
        await lab.TakeAsync(PageLink.Read(LabState.Address, "prompt=x&temperature=-3&columns=2&2.top_p=7").Link!);
        Assert.Equal(2, lab.Refused.Count);
        Assert.NotNull(lab.Strip);
        Assert.Empty(lab.Problems);
        lab.Refuse();
        await lab.TakeAsync(PageLink.Read(LabState.Address, "prompt=x&logit_bias=900000:5").Link!);
        Assert.Contains("names tokens that fake does not have", Assert.Single(lab.Refused), StringComparison.Ordinal);
        Assert.NotNull(lab.Strip);
        await lab.TakeAsync(PageLink.Read(LabState.Address, "prompt=x&written=1,900000").Link!);
        Assert.Contains("must be 0 to", lab.Notice, StringComparison.Ordinal);
    }
}
