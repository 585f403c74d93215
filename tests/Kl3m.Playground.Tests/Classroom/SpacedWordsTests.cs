using System.Text.RegularExpressions;
using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>A class with a tokenizer that gives each word the space before it, as most have.</summary>
public sealed partial class SpacedWordsTests
{
    private const string Ours = "The court granted the motion to ";

    [Theory]
    [InlineData("State of", "New", " New")]
    [InlineData("State of", " New", " New")]
    [InlineData("State of ", "New", "New")]
    [InlineData("in accord", "ance", "ance")]
    public async Task A_word_is_counted_with_its_space_where_the_model_expects_it_so(string text, string typed, string token)
    {
        var generator = new SpacedWords();
        var logits = new float[SpacedWords.Vocabulary.Length];
        (logits[SpacedWords.Id(" New")], logits[SpacedWords.Id("New")]) = (5, 1);
        (logits[SpacedWords.Id("ance")], logits[SpacedWords.Id(" ance")]) = (5, 1);
        Assert.Equal(SpacedWords.Id(token), await Guess.FirstTokenAsync(generator, new TextPlace([], [], text), typed, new NextToken(logits, 0)));
    }

    [Theory]
    [InlineData(" the", " New")]
    [InlineData("ance", "New")]
    [InlineData("New", "New")]
    public async Task Where_a_server_tells_one_token_only_a_word_is_cut_as_that_one_is(string told, string token)
    {
        var logits = new float[SpacedWords.Vocabulary.Length];
        logits[SpacedWords.Id(told)] = 5;
        Assert.Equal(SpacedWords.Id(token), await Guess.FirstTokenAsync(new SpacedWords(), new TextPlace([], [], "State of"), "New", new NextToken(logits, 0, told: 1)));
    }

    [Fact]
    public async Task Our_beginnings_end_where_such_a_model_goes_on_and_a_teachers_own_are_left_alone()
    {
        Assert.Equal(Ours.TrimEnd(), await Beginning.ForAsync(new SpacedWords(), Ours));
        Assert.Equal("My own ", await Beginning.ForAsync(new SpacedWords(), "My own "));
        Assert.Equal(Ours, await Beginning.ForAsync(new FakeTextGenerator(), Ours));
    }

    [Fact]
    public void A_long_beginning_is_named_by_whole_words() =>
        Assert.All(Beginning.All, text =>
        {
            var name = Beginning.Short(text);
            Assert.InRange(name.Length, 1, 48);
            Assert.EndsWith(name.StartsWith("… ", StringComparison.Ordinal) ? " " + name[2..] : name, text.TrimEnd(), StringComparison.Ordinal);
        });

    private sealed partial class SpacedWords : ITextGenerator
    {
        public static string[] Vocabulary { get; } = ["", " New", "New", " ance", "ance", " the"];

        public static int Id(string token) => Math.Max(0, Array.IndexOf(Vocabulary, token));

        public ModelInfo Model => new FakeTextGenerator().Model;

        public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IReadOnlyList<TokenSpan>>([.. Token().Matches(text).Select(match => new TokenSpan(Id(match.Value), match.Index, match.Index + match.Length))]);

        public IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public VocabularyEntry Describe(int tokenId) => new(tokenId, System.Text.Encoding.UTF8.GetBytes(Vocabulary[tokenId]), IsSpecial: false);

        [GeneratedRegex(" ?[A-Za-z]+|.")]
        private static partial Regex Token();
    }
}
