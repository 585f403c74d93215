using Microsoft.JSInterop;

namespace Kl3m.Playground.Tests.Components.Shared;

/// <summary>localStorage with as much room as the test says.</summary>
internal sealed class FakeStorage : IJSRuntime, IJSObjectReference
{
    public Dictionary<string, string> Values { get; } = [];

    public int Room { get; set; } = int.MaxValue;

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args) => InvokeAsync<TValue>(identifier, default, args);

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, CancellationToken cancellationToken, object?[]? args)
    {
        object? answer = identifier switch
        {
            "import" => this,
            "get" => Values.GetValueOrDefault((string)args![0]!),
            "set" => Set((string)args![0]!, (string)args[1]!),
            "remove" => Values.Remove((string)args![0]!),
            _ => null,
        };
        return ValueTask.FromResult(answer is TValue value ? value : default!);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Set(string key, string value)
    {
        if (Values.Where(pair => pair.Key != key).Sum(pair => pair.Value.Length) + value.Length > Room)
        {
            return false;
        }
        Values[key] = value;
        return true;
    }
}
