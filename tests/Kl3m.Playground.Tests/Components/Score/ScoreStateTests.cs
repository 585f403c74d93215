using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Scoring;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Components.Score;

public sealed class ScoreStateTests : IAsyncDisposable
{
    private readonly BackendCatalogue catalogue = new();
    private readonly FakeTimeProvider time = new();
    private readonly ChosenModel models;
    private readonly ScoreState state;
    private readonly FileState files;

    public ScoreStateTests()
    {
        models = new(catalogue);
        state = new(models, time, NullLogger<ScoreState>.Instance);
        files = new(state, time, NullLogger<FileState>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await files.DisposeAsync();
        await state.DisposeAsync();
        models.Dispose();
    }

    [Fact]
    public async Task A_text_is_read_its_numbers_are_told_and_editing_it_keeps_them()
    {
        catalogue.Ready(new FakeTextGenerator());
        state.Type(0, "The Lessee shall pay.");
        await state.ScoreAsync();
        Assert.False(state.IsEditing);
        Assert.Equal(21, state.Sides[0].Result!.Tokens.Count);
        Assert.StartsWith("Done. 21 tokens read by fake, perplexity ", state.Announcement, StringComparison.Ordinal);
        state.Edit();
        Assert.NotNull(state.Sides[0].Result);
        state.Type(0, "");
        await state.ScoreAsync();
        Assert.Contains("is empty", state.Announcement, StringComparison.Ordinal);
        Assert.True(state.IsEditing);
    }

    [Fact]
    public async Task Two_texts_are_read_by_one_model_and_one_text_by_two()
    {
        catalogue.Ready(new FakeTextGenerator(), Named("other"));
        state.Type(0, "one text");
        state.Compare(Comparison.SecondText);
        state.Type(1, "another text");
        await state.ScoreAsync();
        Assert.Equal(["one text", "another text"], state.Sides.Select(side => side.Result!.Text));
        Assert.Equal(["fake", "fake"], state.Sides.Select(side => side.Result!.Model.Id));

        state.Compare(Comparison.SecondModel);
        await state.ScoreAsync();
        Assert.Equal(["one text", "one text"], state.Sides.Select(side => side.Result!.Text));
        Assert.Equal(["fake", "other"], state.Sides.Select(side => side.Result!.Model.Id));

        state.Compare(Comparison.None);
        Assert.Single(state.Sides);
    }

    [Fact]
    public async Task Two_models_read_by_one_recipe_which_is_what_the_smaller_context_allows()
    {
        var small = Named("small");
        catalogue.Ready(new FakeTextGenerator(), new FakeTextGenerator { Model = small.Model with { ContextLength = 64 } });
        state.Type(0, new string('a', 200));
        state.Compare(Comparison.SecondModel);
        await state.ScoreAsync();
        Assert.All(state.Sides, side => Assert.Equal(new ScoringRecipe(64, 63), side.Result!.Recipe));
    }

    [Fact]
    public async Task A_full_line_and_a_failing_engine_are_told_at_the_text_which_is_kept()
    {
        catalogue.Ready(new Failing(new EngineBusyException(3, TimeSpan.FromSeconds(5))));
        await state.ScoreAsync();
        Assert.IsType<EngineBusyException>(state.Sides[0].Error);
        Assert.Contains("The line is full (3 waiting)", state.Announcement, StringComparison.Ordinal);
        Assert.NotEmpty(state.Sides[0].Text);

        catalogue.Ready(new Failing(new InvalidOperationException("boom")));
        await state.ScoreAsync();
        Assert.Equal("The model could not read it. The text is kept; try again.", state.Announcement);
        Assert.False(state.IsRunning);
    }

    [Fact]
    public async Task A_recipe_that_does_not_fit_is_told_and_nothing_is_read()
    {
        catalogue.Ready(new FakeTextGenerator());
        state.ChangeRecipe(recipe => recipe with { Stride = recipe.Context });
        await state.ScoreAsync();
        Assert.StartsWith("Stride must be 1 to 1,023", state.Announcement, StringComparison.Ordinal);
        Assert.Null(state.Sides[0].Result);
    }

    [Fact]
    public async Task Stopping_ends_the_reading_and_keeps_the_text()
    {
        var held = new Held();
        catalogue.Ready(held);
        var scoring = state.ScoreAsync();
        await held.Entered.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.True(state.IsRunning);
        state.Stop();
        await scoring.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal("Stopped.", state.Announcement);
        Assert.True(state.IsEditing);
        Assert.True(held.Left);
    }

    [Fact]
    public async Task A_text_whose_reading_was_stopped_is_not_taken_for_the_one_read_before()
    {
        catalogue.Ready(new FakeTextGenerator());
        await state.ScoreAsync();
        Assert.False(state.IsEditing);
        state.Edit();
        state.Type(0, "Another text.");
        var held = new Held();
        catalogue.Ready(held);
        var scoring = state.ScoreAsync();
        await held.Entered.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        state.Stop();
        await scoring.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.True(state.IsEditing);
        Assert.Equal("Another text.", state.Sides[0].Text);
    }

    [Fact]
    public async Task A_file_is_read_text_by_text_and_its_table_names_the_recipe()
    {
        catalogue.Ready(new FakeTextGenerator());
        files.Take("a.txt", "one text\n=2+3\nlast\n"u8.ToArray());
        await files.ScoreAsync();
        Assert.Equal(3, files.Done);
        Assert.All(files.Rows, row => Assert.True(row.Score!.BitsPerByte > 0));
        var rows = CsvTable.Read(files.Csv());
        Assert.Equal(["1", "8", "7", "8"], rows[1][..4]);
        Assert.Equal(["fake", "1024", "512", "no", "", "'=2+3"], rows[2][9..]);
        Assert.Equal("Done. 3 texts read.", files.Announcement);
    }

    [Fact]
    public async Task A_text_that_cannot_be_read_has_its_reason_and_the_others_their_numbers()
    {
        catalogue.Ready(new FakeTextGenerator());
        files.Take("a.txt", System.Text.Encoding.UTF8.GetBytes($"one\n{new string('a', TextScorer.MostTokens + 1)}\nlast"));
        await files.ScoreAsync();
        Assert.Contains("at most 32,768", files.Rows[1].Problem, StringComparison.Ordinal);
        Assert.NotNull(files.Rows[2].Score);
        Assert.Contains("at most 32,768", files.Csv(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_file_keeps_what_was_read_and_goes_on_from_there()
    {
        var held = new Held { After = 6 };
        catalogue.Ready(held);
        files.Take("a.txt", System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(1, 12).Select(i => $"text {i}"))));
        var reading = files.ScoreAsync();
        await held.Entered.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        files.Stop();
        await reading.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.InRange(files.Done, 1, 6);
        Assert.StartsWith("Stopped after ", files.Announcement, StringComparison.Ordinal);
        var before = files.Rows.Where(row => row.IsDone).ToList();
        held.After = int.MaxValue;
        await files.ScoreAsync();
        Assert.Equal(12, files.Done);
        Assert.All(before, row => Assert.Same(row.Score, files.Rows[row.Number - 1].Score));
    }

    private static FakeTextGenerator Named(string id)
    {
        var model = new FakeTextGenerator().Model;
        return new() { Model = model with { Id = id } };
    }

    /// <summary>Fails at the first step of every request.</summary>
    private sealed class Failing(Exception error) : ITextGenerator
    {
        private readonly FakeTextGenerator inner = new();

        public ModelInfo Model => inner.Model;

        public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new GenerationStarted(request.PromptTokenIds!, 1);
            throw error;
        }

        public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => inner.TokenizeAsync(text, cancellationToken);

        public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) => inner.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

        public VocabularyEntry Describe(int tokenId) => inner.Describe(tokenId);
    }

    /// <summary>Serves some requests and holds the others until they are cancelled.</summary>
    private sealed class Held : ITextGenerator
    {
        private readonly FakeTextGenerator inner = new();
        private int served;

        public int After { get; set; }

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Left { get; private set; }

        public ModelInfo Model => inner.Model;

        public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref served) > After)
            {
                Entered.TrySetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                finally
                {
                    Left = true;
                }
            }
            await foreach (var happened in inner.GenerateAsync(request, cancellationToken))
            {
                yield return happened;
            }
        }

        public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => inner.TokenizeAsync(text, cancellationToken);

        public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) => inner.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

        public VocabularyEntry Describe(int tokenId) => inner.Describe(tokenId);
    }

    [Fact]
    public async Task A_link_carries_texts_and_recipe_and_opens_ready_to_run()
    {
        catalogue.Ready(new FakeTextGenerator());
        state.Type(0, "one & <two>");
        state.Compare(Comparison.SecondText);
        state.Type(1, "three\n");
        state.ChangeRecipe(now => now with { Context = 100, Stride = 25, BehindEnd = true });
        var address = state.Link.Address;

        await using var fresh = new ScoreState(models, time, NullLogger<ScoreState>.Instance);
        fresh.Open("http://localhost/" + address);
        Assert.Empty(fresh.Refused);
        Assert.Equal(("one & <two>", "three\n", Comparison.SecondText), (fresh.TextOf(0), fresh.TextOf(1), fresh.Comparison));
        Assert.Equal(new ScoringRecipe(100, 25, true), fresh.Recipe);
        Assert.Equal(address, fresh.Link.Address);
        Assert.True(fresh.IsEditing);
        await fresh.ScoreAsync();
        Assert.All(fresh.Sides, side => Assert.NotNull(side.Result));
    }

    [Fact]
    public void A_recipe_of_a_link_that_the_model_cannot_read_by_is_told_at_its_field_and_a_missing_model_by_its_name()
    {
        catalogue.Ready(new FakeTextGenerator());
        state.Open("score#prompt=x&context=5000&model=someone%2Felse&stride=many");
        Assert.Equal(["In the link, stride must be a whole number from 1 up, not “many”.", "someone/else is not loaded here: fake reads in its place. Models are loaded on the Models page."], state.Refused);
        Assert.Equal("Context", Assert.Single(state.RecipeProblems).Field);
        state.Open("score#prompt=y");
        Assert.Equal(("y", 1024), (state.TextOf(0), state.Recipe!.Context));
        state.Type(0, "z");
        state.Open("score#prompt=y");
        Assert.Equal("z", state.TextOf(0));
    }
}
