// What went wrong, in the reader's language. Errors are written in English, by the library, the server and the studio's own workers, for whoever reads them in
// Node; a page shows them through `told` of problems.ts. Here is what each that a reader may meet is in Chinese, and in English where the library's remedy is none in a page.
type Rule = readonly [looks: RegExp, zh: (...values: string[]) => string, en?: (...values: string[]) => string];

/** "dtype I8 is not supported" and the like are for whoever wrote the file. */
const DAMAGED = "文件已损坏，或不是 safetensors 格式；请换一份完整的文件";

const RULES: readonly Rule[] = [
  // Tables (src/data/csv.ts).
  [
    /^a quote that is opened in this record is never closed$/,
    () => "这一行的引号没有配对的后引号；请补上引号，或删去它",
  ],
  [
    /^(.+) follows a closing quote; a quote within a field in quotes is doubled$/s,
    (what) => `后引号之后还有 ${what}；引号之内的引号要写两遍`,
  ],
  [
    /^a record longer than (\d+) characters; is a quote not closed\? Set maxRecord to read longer ones$/,
    (most) => `一行超过 ${most} 个字符；是否有引号没有配对？请补上引号，或缩短这一行`,
    (most) => `a record longer than ${most} characters; is a quote not closed? Close it, or shorten the record`,
  ],
  [
    /^two columns are called (.*); if the first line holds data and no names, set header to false$/s,
    (name) => `有两列都叫 ${name}；第一行应是各列互不相同的名称，如果它是数据，请在上面加一行列名`,
    (name) =>
      `two columns are called ${name}; the first line has to name the columns: where it holds data, put a line of names above it`,
  ],
  [
    /^(\d+) fields?, but there are (\d+) columns; a field that holds the delimiter must stand in quotes$/,
    (fields, columns) => `有 ${fields} 个字段，而表有 ${columns} 列；含有分隔符的字段要放在引号里`,
  ],
  [/^holds no text$/, () => "文件是空的；请选一个有内容的 CSV 文件"],
  [
    /^holds zero bytes, so it is no text; save it as CSV in UTF-8$/,
    () => "含有零字节，不是文本；请存为 UTF-8 编码的 CSV",
  ],
  [
    /^is a ZIP archive or a spreadsheet; unpack it, or save it as CSV$/,
    () => "是 ZIP 压缩包或电子表格；请先解压，或另存为 CSV",
  ],
  [/^is UTF-16; save it as UTF-8$/, () => "是 UTF-16 编码；请另存为 UTF-8"],
  [
    /^holds bytes that are no text in \S+; save it as UTF-8, or set encoding to what it is written in, such as "gbk"$/,
    () => "编码不是 UTF-8，也不是 GB 18030；请另存为 UTF-8",
    () => "is text neither in UTF-8 nor in GB 18030; save it as UTF-8",
  ],
  [/^is compressed with gzip; decompress it first$/, () => "经过 gzip 压缩；请先解压"],
  [
    /^a Git LFS pointer instead of the file itself(?:, which has (\d+) bytes)?; fetch it with git lfs pull$/,
    () => "只是 Git LFS 的指针，不是文件本身；请用 git lfs pull 取来",
  ],
  // Networks (src/io, src/nn/parameters.ts, digits/work.ts).
  [/^\d+ bytes are too few; the file is damaged or not in the safetensors format$/, () => `太短；${DAMAGED}`],
  [/^(?!\S+: )(.+); the file is damaged or not in the safetensors format$/s, (what) => `${DAMAGED}（细节：${what}）`],
  [
    /^holds tensors but no architecture; build the model yourself and use loadParameters$/,
    () => "只有张量，没有网络的结构；请选 Nabla 存下的模型（saveModel，或 nabla train 的 model.safetensors）",
    () =>
      "holds tensors but no architecture; choose a model that Nabla saved (saveModel, or model.safetensors of nabla train)",
  ],
  [/^the architecture is not JSON; the file is damaged$/, () => "网络的结构不是 JSON，文件已损坏；请换一份完整的文件"],
  [/^its version is (.+); the file is damaged$/s, (version) => `版本是 ${version}，文件已损坏；请换一份完整的文件`],
  [
    /^was written by a newer Nabla, its version is (\d+) and this one reads up to (\d+); update Nabla$/,
    (version, most) => `由更新的 Nabla 写成：版本 ${version}，这里最多读到 ${most}；请更新 Nabla`,
  ],
  [
    /^its architecture can't be built: (.+)$/s,
    (why) => `按它的结构建不出网络；可能用了自己注册的层，或文件已损坏（细节：${why}）`,
  ],
  [
    /^has no parameter (\S+); it belongs to another architecture.*$/s,
    (name) => `缺少参数 ${name}：参数与结构不是同一个网络的；请重新存一份`,
  ],
  [
    /^parameter (\S+) has shape (\(.*?\)), the model's (\(.*?\)); it belongs to another architecture$/s,
    (name, shape, own) => `参数 ${name} 的形状是 ${shape}，网络的是 ${own}：两者不是同一个网络的；请重新存一份`,
  ],
  [
    /^parameter (\S+) is (\w+), the model's (\w+); make the model with that dtype$/,
    (name, type, own) => `参数 ${name} 的类型是 ${type}，网络的是 ${own}；请以同一类型重新存一份`,
  ],
  [
    /^parameter (\S+) holds \S+ \(element \d+\), with which a model answers what is no number; .*$/s,
    (name) => `参数 ${name} 中有 NaN 或无穷大，训练已经发散；请换一份发散之前存下的文件`,
  ],
  [
    /^it takes (.+) and gives (.+); 784 numbers, or \(1, 28, 28\), and 10 outputs are expected$/s,
    (takes, gives) => `它的输入是 ${takes}，输出是 ${gives}；这里需要 784 个数或 (1, 28, 28) 的输入和 10 个输出`,
  ],
  [/^the network (\S+) is not ready yet$/, (id) => `网络 ${id} 还没有训练好；请稍候`],
  [/^the network is not trained yet$/, () => "网络还没有训练好；请稍候"],
  [/^the training ended without a network$/, () => "训练结束了，却没有得到网络；请重新载入此页"],
  // Corrections (digits/corrections.ts).
  [/^no JSON: (.+)$/s, (why) => `不是 JSON；请选从这里导出的文件（细节：${why}）`],
  [/^its format is not "(.+)"$/, (format) => `格式不是“${format}”；请选从这里导出的文件`],
  [
    /^its version is (.+); this studio reads version 1$/s,
    (version) => `版本是 ${version}，此工作室读版本 1；请更新 Nabla`,
  ],
  [
    /^it has (\d+) corrections; (\d+) are taken at most$/,
    (count, most) => `有 ${count} 条更正，最多可用 ${most} 条；请删去一些`,
  ],
  [
    /^correction (\d+): digit is (.+), not a whole number from 0 to 9$/s,
    (at, digit) => `第 ${at} 条更正：digit 是 ${digit}，应是 0 到 9 的整数`,
  ],
  [
    /^correction (\d+): pixels are not (\d+) bytes in base64$/,
    (at, count) => `第 ${at} 条更正：pixels 应是 base64 写成的 ${count} 个字节`,
  ],
  // Lines of digits (src/data/digit-string.ts).
  [
    /^readDigitString: the ink falls into (\d+) pieces at most, and (\d+) digits were asked for; leave count out, or part the digits$/,
    (pieces, count) => `笔迹最多能切成 ${pieces} 块，却要读出 ${count} 个数字；请改为自动计数，或把数字分开些写`,
    (pieces, count) =>
      `The ink falls into ${pieces} pieces at most, and ${count} digits were asked for: let the page count them, or write them further apart.`,
  ],
  // Trees (src/data/trees/treebank.ts).
  [/^a second tree begins; write one tree a line$/, () => "又开始了一棵树；一行只写一棵"],
  [/^a node stands beside a word; a leaf is \(label word\)$/, () => "结点与单词并列；叶子写作（标签 单词）"],
  [
    /^the label (.+) is not a whole number from (\d+) to (\d+)$/s,
    (label, least, most) => `标签 ${label} 不是 ${least} 到 ${most} 的整数`,
  ],
  [/^a bracket closes that was not opened$/, () => "多了一个右括号"],
  [
    /^a node has neither a word nor children; inner nodes have (\d+), leaves a word$/,
    (arity) => `一个结点既没有单词也没有子结点；内部结点有 ${arity} 个子结点，叶子有一个单词`,
  ],
  [
    /^a node has (\d+) children; inner nodes have (\d+), leaves a word$/,
    (count, arity) => `一个结点有 ${count} 个子结点；内部结点应有 ${arity} 个，叶子有一个单词`,
  ],
  [/^(.+) stands outside of a tree; a tree is \(label \.\.\.\)$/s, (word) => `${word} 在树之外；请用括号括起来`],
  [
    /^the word (.+) stands beside others; a leaf is \(label word\)$/s,
    (word) => `单词 ${word} 与别的并列；每个单词各自放在括号里`,
  ],
  [/^a bracket is not closed by the end of the line$/, () => "有一个左括号没有配对"],
  [/^(\d+) brackets are not closed by the end of the line$/, (count) => `有 ${count} 个左括号没有配对`],
  // Data that the page does not have (library.ts).
  [
    /^MNIST is not at hand: .*$/s,
    () => "这里没有 MNIST：请在有它的机器上用 nabla studio 打开工作室（nabla data get mnist 可取来）",
  ],
  [
    /^the Stanford Sentiment Treebank is not at hand: .*$/s,
    () => "这里没有斯坦福情感树库：请在有它的机器上用 nabla studio 打开工作室",
  ],
  [
    /^a page reads no files: run this experiment with `nabla book run`$/,
    () => "网页不读文件：请用 nabla book run 运行这个实验",
  ],
  [
    /^there is no (\d) among the first (\d+) images$/,
    (digit, count) => `前 ${count} 张图像中没有 ${digit}；请换一个数字`,
  ],
  // The page and its parts.
  [/^there is no (?:page|experiment) (\S+)$/, (name) => `这里没有 ${name}；地址可能来自另一个版本的工作室`],
  [/^(\S+) is not in this build$/, (file) => `这一版中没有 ${file}；请重新构建工作室`],
  [/^(.+): nothing is drawn yet$/s, (title) => `${title}：还没有画出内容；请稍候再存`],
  [/^there are no points to learn from$/, () => "没有可供学习的点；请画几个点，或换一个数据集"],
  [/^no network has been made yet$/, () => "还没有建立网络；请按“重置”"],
  [/^what was done begins with settings$/, () => "链接中的记录残缺；请按“重置”"],
  [/^the worker could not be started$/, () => "后台计算没能启动；请重新载入此页"],
  [
    /^(?:Failed to fetch|NetworkError|error loading dynamically imported module|Importing a module script failed).*$/is,
    () => "没能取到所需的文件；请检查网络或服务器（nabla studio 是否还在运行），然后重试",
    () => "a file could not be fetched; see whether the network and the server (nabla studio) are there, and try again",
  ],
  [/^(\S+): (\d{3})$/, (file, status) => `没能取到 ${file}（服务器答复 ${status}）；请重试`],
  [
    /^(?:.*out of memory.*|Array buffer allocation failed|.*memory.*grow.*)$/is,
    () => "内存不够；请把网络或批量调小，再重新载入此页",
  ],
  // The server's, of runs (cli/studio).
  [/^The run is not going on\.$/, () => "这次训练没有在进行。"],
  [/^The run is going on already\.$/, () => "这次训练已经在进行。"],
  [/^The run is going on: stop it first\.$/, () => "这次训练正在进行：请先停止它。"],
  [
    /^The run goes on elsewhere, on (.+): end it there\.$/,
    (host) => `这次训练在另一台机器 ${host} 上进行：请在那里结束它。`,
  ],
  [/^The run is of another user of this machine\.$/, () => "这次训练属于这台机器的另一个用户。"],
  [/^The run has come to its end\.$/, () => "这次训练已经结束。"],
  [
    /^The run is of a program of its own: start that again\.$/,
    () => "这次训练由它自己的程序进行：请再次运行那个程序。",
  ],
  [/^The run could not go on: (.+)$/s, (why) => `这次训练没能继续：${inner(why)}`],
  [/^There is no such run\.$/, () => "没有这次训练。"],
  [/^(.+) is not the folder of a run\.$/s, (folder) => `${folder} 不是训练的文件夹。`],
  [
    /^(.+) holds (.+), which is not of the run: delete by hand what you do not want\.$/s,
    (folder, file) => `${folder} 中有不属于这次训练的 ${file}：不要的请手动删除。`,
  ],
  [
    /^(.+) is not a run of nabla tree train: its network knows no words\.$/s,
    (folder) => `${folder} 不是 nabla tree train 的训练：它的网络不识单词。`,
  ],
  [
    /^(.+) is not a run of nabla train, nabla text train or nabla tree train\.$/s,
    (folder) => `${folder} 不是 nabla train、nabla text train 或 nabla tree train 的训练。`,
  ],
  [/^(.+) is damaged: it holds no list traceEvents$/s, (file) => `${file} 已损坏：其中没有 traceEvents；请删去它`],
  [
    /^(.+) is damaged: (?:it ends too early, at|it is no JSON from) line (\d+), column (\d+)(?: on)?\..*$/s,
    (file, line, column) => `${file} 已损坏：从第 ${line} 行第 ${column} 列起不是 JSON。请修好它，或删去它`,
  ],
  [/^(.+) was written by a newer Nabla: .* Update Nabla\.$/s, (file) => `${file} 由更新的 Nabla 写成；请更新 Nabla。`],
  [
    /^(.+) holds no trained network yet: no epoch was complete\. Go on with: (.+)$/s,
    (folder, command) => `${folder} 中还没有训练好的网络：一个周期都没有完成。继续训练：${command}`,
  ],
  [
    /^(.+) has (\d+) rows; a program names those it tests with, of (\d+) at most\.$/s,
    (file, rows, most) => `${file} 有 ${rows} 行；程序要逐行写出测试用的行，最多 ${most} 行。`,
  ],
];

const PLACES: readonly [looks: RegExp, zh: (...values: string[]) => string][] = [
  [/^(.+?), line (\d+), column (\d+): (.+)$/s, (name, line, column) => `${name} 第 ${line} 行第 ${column} 列：`],
  [/^(.+?), line (\d+): (.+)$/s, (name, line) => `${name} 第 ${line} 行：`],
  [/^(.+?): (.+)$/s, (name) => `${name}：`],
];

/** The message in Chinese; undefined where nobody has said it. */
export function inChinese(message: string): string | undefined {
  for (const [looks, zh] of RULES) {
    const values = looks.exec(message)?.slice(1);
    if (values !== undefined) return zh(...values);
  }
  for (const [looks, zh] of PLACES) {
    const values = looks.exec(message)?.slice(1);
    const rest = values && inChinese(values.at(-1)!);
    if (rest !== undefined) return zh(...values!) + rest;
  }
  return undefined;
}

/** The message as a page says it in English. */
export function inEnglish(message: string): string {
  for (const [looks, , en] of RULES) {
    const values = en && looks.exec(message)?.slice(1);
    if (values) return en(...values);
  }
  const [, place, rest] = /^(.+?(?:, line \d+)?(?:, column \d+)?: )(.+)$/s.exec(message) ?? [];
  return rest === undefined ? message : place + inEnglish(rest);
}

/** In a sentence: in Chinese, or as the program said it. */
export const inner = (message: string): string => inChinese(message) ?? `程序的原话是“${message}”`;
