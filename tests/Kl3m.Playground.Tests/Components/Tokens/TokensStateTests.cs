using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Tokens;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Components.Tokens;

public sealed class TokensStateTests : IDisposable
{
    private readonly BackendCatalogue catalogue = new();
    private readonly ChosenModel models;
    private readonly TokensState state;

    public TokensStateTests()
    {
        catalogue.Ready(new FakeTextGenerator());
        models = new(catalogue);
        state = new(models, new Vocabularies(), NullLogger<TokensState>.Instance);
    }

    public void Dispose()
    {
        state.Dispose();
        models.Dispose();
    }

    [Fact]
    public async Task A_text_is_counted_in_tokens_characters_bytes_and_words()
    {
        await state.TypeAsync("a 😀é\n\nb");
        var split = Assert.Single(state.Splits);
        Assert.Equal((11, 7, 11, 3), (split.Tokens.Count, split.Characters, split.Bytes, split.Words));
    }

    [Fact]
    public async Task Offsets_are_told_in_characters_bytes_and_UTF_16_and_part_characters_span_their_character()
    {
        await state.TypeAsync("a😀b");
        var tokens = state.Splits[0].Tokens;
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)], tokens.Select(token => (token.First, token.EndCharacter)));
        Assert.Equal([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)], tokens.Select(token => (token.FirstByte, token.EndByte)));
        Assert.Equal([(0, 1), (1, 3), (1, 3), (1, 3), (1, 3), (3, 4)], tokens.Select(token => (token.Start, token.EndUnit)));
        Assert.Equal([false, true, true, true, true, false], tokens.Select(token => token.IsPartial));
    }

    [Theory]
    [InlineData("del", VocabularyField.Text, false, 266)]
    [InlineData("Del", VocabularyField.Start, false, 266)]
    [InlineData("del", VocabularyField.Start, false)]
    [InlineData("the ", VocabularyField.Text, false, 257, 263)]
    [InlineData("65, 70-71 9999", VocabularyField.Id, false, 65, 70, 71)]
    [InlineData("C3 A9", VocabularyField.Bytes, false, 273)]
    [InlineData("0xC3A9", VocabularyField.Bytes, false, 273)]
    [InlineData("", VocabularyField.Text, true, 256)]
    public async Task The_vocabulary_is_found_by_text_id_bytes_and_kind(string text, VocabularyField by, bool special, params int[] ids)
    {
        await state.SearchAsync(new(text, by, special));
        Assert.Null(state.Match!.Problem);
        Assert.Equal(ids, state.Match.Ids);
    }

    [Theory]
    [InlineData("four", VocabularyField.Id, "Ids are numbers")]
    [InlineData("99999999999", VocabularyField.Id, "Ids are numbers")]
    [InlineData("-5", VocabularyField.Id, "Ids are numbers")]
    [InlineData("E2 8", VocabularyField.Bytes, "pairs of hexadecimal digits")]
    [InlineData("<script>", VocabularyField.Bytes, "pairs of hexadecimal digits")]
    public async Task A_search_that_cannot_be_read_says_how_it_is_written(string text, VocabularyField by, string words)
    {
        await state.SearchAsync(new(text, by));
        Assert.Contains(words, state.Match!.Problem, StringComparison.Ordinal);
        Assert.Empty(state.Match.Ids);
    }

    [Fact]
    public async Task Pages_turn_within_what_was_found_and_a_new_search_begins_at_the_first()
    {
        await state.SearchAsync(new());
        Assert.Equal(6, state.Pages);
        state.Turn(99);
        Assert.Equal(5, state.Page);
        state.Turn(-1);
        Assert.Equal(0, state.Page);
        state.Turn(3);
        await state.SearchAsync(new("the"));
        Assert.Equal((0, 1), (state.Page, state.Pages));
    }

    [Fact]
    public async Task Two_tokenizers_stand_beside_each_other_and_one_that_went_leaves_the_page_standing()
    {
        var model = new FakeTextGenerator().Model;
        catalogue.Ready(new FakeTextGenerator(), new FakeTextGenerator { Model = model with { Id = "other" } });
        await state.RefreshAsync();
        await state.CompareAsync(true);
        Assert.Equal(["fake", "other"], state.Splits.Select(split => split.Generator.Model.Id));
        Assert.True(state.Splits[0].IsSplitLike(state.Splits[1]));
        catalogue.Ready();
        await state.RefreshAsync();
        Assert.Empty(state.Splits);
        Assert.Null(state.Match);
    }
}
