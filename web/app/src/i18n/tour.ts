import { define } from "./index";

export const tour = define(
  {
    offer: "第一次来？跟着走一遍",
    offerHint: "这里是演示数据，可以放心点。大约两分钟：从总览里的一格，到一群人、一位客户，再到画像背后的依据。",
    start: "开始引导", later: "不用了", restart: "以后可随时从页首的问号开始。",
    back: "上一步", next: "下一步", done: "完成", end: "结束引导", here: "回到这一步", name: "新手引导",
    step: (n: number, all: number) => `第 ${n} 步，共 ${all} 步`,
    steps: {
      overview: { title: "先看全局", text: "每天从这里开始：客户总数、活跃、新增和价值，每个数字都注明基数。下面两盏灯说明数据的质量和新鲜度，以及原因。" },
      rfm: { title: "从一格找到一群人", text: "一边是多久没来，一边是来得多勤。点一格，这群人就成为人群的条件；下一步看曾经常来、最近没来的那一格。" },
      builder: { title: "改条件，人数随时重算", text: "刚才那一格已经写成条件。改动任何一条，这里的人数马上更新；满意了就保存为人群。" },
      find: { title: "看看其中的人", text: "这一个搜索框认姓名、拼音、手机尾号、编号、标签值和条件。现在填的就是刚才的条件，下面就是这群人。" },
      why: { title: "为什么有这个标签", text: "客户页汇集一位客户的资料、标签和往来记录。点任意一个标签，就能看到它的定义、所用的数据和判定过程。" },
      market: { title: "每个标签都有来历", text: "标签市场列出覆盖率、分布和使用情况。打开一个标签，可以看它的定义、血缘和历史版本。" },
      persona: { title: "画像里的每句话都有依据", text: "每句话旁边的横线是 TGI 和它的置信区间；把指针移到行末的图标上，或用键盘选中，就能看到样本量与占比。" },
      quality: { title: "每一行数据都有去向", text: "读入的每一行或载入、或排除、或搁置，都有原因，合计对得上。所以前面的数字经得起追问。" },
      own: { title: "接下来，接入自己的数据", text: "上传一份文件，确认各列的含义，保存后就能构建。想再看一遍，点页首的问号。" },
    },
  },
  {
    offer: "New here? Take a short walk",
    offerHint: "These are demo data, so click freely. About two minutes: from one cell of the overview to a group of people, to one customer, and to the evidence behind a persona.",
    start: "Start the tour", later: "No, thanks", restart: "You can start it at any time from the question mark at the top.",
    back: "Back", next: "Next", done: "Done", end: "End tour", here: "Back to this step", name: "Guided tour",
    step: (n: number, all: number) => `Step ${n} of ${all}`,
    steps: {
      overview: { title: "First, the whole picture", text: "Start the day here: customers, active, new and their value, each figure with its base. The two lights below say how good and how fresh the data are, and why." },
      rfm: { title: "From one cell to a group of people", text: "One side is how long ago they came, the other how often. A click on a cell makes it the condition of an audience; next we take those who came often but not lately." },
      builder: { title: "Change a rule, see the count at once", text: "That cell has become a condition. Change any part of it and this count follows; save it as an audience when it is right." },
      find: { title: "See who they are", text: "One box understands names, pinyin, ends of phone numbers, IDs, tag values and conditions. It holds the condition of that cell now, and below are its people." },
      why: { title: "Why a customer has a tag", text: "The page of a customer brings together profile, tags and history. Click any tag to see its definition, the data it used and how it was decided." },
      market: { title: "Every tag has a story", text: "The tag market shows coverage, distribution and use. Open a tag for its definition, lineage and versions." },
      persona: { title: "Every sentence has its evidence", text: "The line beside a sentence is its TGI with the confidence interval. Point at the icon at its end, or reach it by keyboard, for sample size and shares." },
      quality: { title: "Every row is accounted for", text: "Each row read was loaded, left out or set aside, with a reason, and the sums add up. That is why the figures before can be trusted." },
      own: { title: "Next, your own data", text: "Upload a file, confirm what its columns mean, save, and build. To see this again, use the question mark at the top." },
    },
  },
);
