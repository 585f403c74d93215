using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Backends;

public sealed class ServedModelTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider time = new();
    private readonly ServedModel served;

    public ServedModelTests() => served = new(new FakeTextGenerator(), time);

    public ValueTask DisposeAsync() => served.DisposeAsync();

    [Fact]
    public async Task Unloading_waits_for_those_that_write_and_they_end_whole()
    {
        await using var events = Start(maxTokens: 3);
        await events.MoveNextAsync();
        var closing = served.CloseAsync(Patience);
        Assert.False(closing.IsCompleted);
        var last = events.Current;
        while (await events.MoveNextAsync())
        {
            last = events.Current;
        }
        Assert.IsType<GenerationFinished>(last);
        Assert.Equal(0, await closing);
        Assert.Equal(0, served.Running);
    }

    [Fact]
    public async Task After_the_time_out_the_rest_is_ended_and_told_why()
    {
        // A step of an hour: whatever the time-out's continuation takes to run, there is something left to end.
        await using var slow = new ServedModel(new FakeTextGenerator(TimeSpan.FromHours(1)), time);
        await using var events = Start(maxTokens: 1000, slow);
        await events.MoveNextAsync();
        var closing = slow.CloseAsync(Patience);
        time.Advance(Patience);
        var told = await Assert.ThrowsAsync<EngineFailedException>(async () =>
        {
            while (await events.MoveNextAsync())
            {
            }
        });
        Assert.Contains("was unloaded while it wrote", told.Message, StringComparison.Ordinal);
        Assert.True(told.IsLeaving);
        Assert.Equal(1, await closing);
    }

    [Fact]
    public async Task Nobody_new_is_taken_once_it_is_being_unloaded()
    {
        await using var first = Start(maxTokens: 3);
        await first.MoveNextAsync();
        var closing = served.CloseAsync(Patience);
        await using var late = Start(maxTokens: 3);
        var told = await Assert.ThrowsAsync<EngineFailedException>(async () => await late.MoveNextAsync());
        Assert.Contains("Pick another model", told.Message, StringComparison.Ordinal);
        await first.DisposeAsync();
        Assert.Equal(0, await closing);
    }

    [Fact]
    public async Task Who_leaves_by_himself_is_not_told_of_unloading()
    {
        using var leaving = new CancellationTokenSource();
        await using var events = served.GenerateAsync(new() { Prompt = "a", Sampling = new() { MaxTokens = 1000 } }, leaving.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await events.MoveNextAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await events.MoveNextAsync())
            {
            }
        });
        Assert.Equal(0, served.Running);
    }

    private IAsyncEnumerator<GenerationEvent> Start(int maxTokens, ServedModel? model = null) =>
        (model ?? served).GenerateAsync(new() { Prompt = "a", Sampling = new() { MaxTokens = maxTokens } }).GetAsyncEnumerator(TestContext.Current.CancellationToken);
}
